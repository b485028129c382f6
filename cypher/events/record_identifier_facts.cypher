// record_identifier_facts($rows) -> write
// Counts change by what this transaction added; first and last seen only ever widen; what was only named was never seen.
UNWIND $asked.rows AS row
MATCH (i:Identifier {id: row.id})
USING INDEX SEEK i:Identifier(id)
SET i.touchpoints = coalesce(i.touchpoints, 0) + row.touchpoints,
  i.purchases = coalesce(i.purchases, 0) + row.purchases,
  i.orders = coalesce(i.orders, 0) + row.orders,
  i.reviews = coalesce(i.reviews, 0) + row.reviews,
  i.survey_responses = coalesce(i.survey_responses, 0) + row.survey_responses,
  i.cases = coalesce(i.cases, 0) + row.cases,
  i.communications = coalesce(i.communications, 0) + row.communications,
  i.referrals = coalesce(i.referrals, 0) + row.referrals,
  i.carts = coalesce(i.carts, 0) + row.carts,
  i.first_seen_at = CASE WHEN i.first_seen_at > datetime(row.first_at) THEN datetime(row.first_at) ELSE i.first_seen_at END,
  i.last_seen_at = CASE WHEN i.last_seen_at IS NULL OR i.last_seen_at < datetime(row.last_at) THEN datetime(row.last_at) ELSE i.last_seen_at END
