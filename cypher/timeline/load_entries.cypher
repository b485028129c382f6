// load_entries($ids) -> many EntryRow
// Timeline entries by their ids, each with the customer whose it is now.
UNWIND range(0, size($asked.ids) - 1) AS position
MATCH (t:TimelineEntry {id: $asked.ids[position]})<-[:HAD|MADE|WROTE|ANSWERED|RAISED|WAS_SENT|INVITED]-(i:Identifier)<-[:IDENTIFIED_BY]-(c:Customer)
USING INDEX SEEK t:TimelineEntry(id)
RETURN {position: position, customer_id: c.id, entry:
  CASE t.kind
    WHEN 'TOUCHPOINT' THEN t {.id, .kind, at: toString(t.at), .channel, .type, .campaign, .session, .duration_seconds, .url, .sku, .properties}
    WHEN 'PURCHASE' THEN t {.id, .kind, at: toString(t.at), .channel, .campaign, .number, .source, .purchase_status, .coupon,
      status_history: [n IN range(0, size(t.statuses) - 1) | {purchase_status: t.statuses[n], at: toString(t.status_times[n])}],
      total: CASE WHEN t.total IS NOT NULL THEN {amount: t.total, currency: t.currency} END,
      refunded: CASE WHEN t.refunded IS NOT NULL THEN {amount: t.refunded, currency: t.currency} END,
      items: COLLECT {
        MATCH (t)-[line:CONTAINS]->(product:Product)
        RETURN {sku: product.sku, quantity: line.quantity,
          unit_price: CASE WHEN line.unit_price IS NOT NULL THEN {amount: line.unit_price, currency: line.currency} END,
          discount: CASE WHEN line.discount IS NOT NULL THEN {amount: line.discount, currency: line.currency} END,
          total: CASE WHEN line.total IS NOT NULL THEN {amount: line.total, currency: line.currency} END}
        ORDER BY line.position}}
    WHEN 'REVIEW' THEN t {.id, .kind, at: toString(t.at), .channel, .rating, .title, .text, .sku,
      purchase_id: head(COLLECT { MATCH (purchase:Thing {thing_key: t.purchase_key}) USING INDEX SEEK purchase:Thing(thing_key) RETURN purchase.id })}
    WHEN 'SURVEY_RESPONSE' THEN t {.id, .kind, at: toString(t.at), .channel, .survey, .survey_kind, .score, .comment}
    WHEN 'CASE' THEN t {.id, .kind, at: toString(t.at), .channel, .number, .subject, .complaint, .priority, .resolution, .deflected,
      opened_at: toString(t.opened_at), first_response_at: toString(t.first_response_at), closed_at: toString(t.closed_at)}
    WHEN 'COMMUNICATION' THEN t {.id, .kind, at: toString(t.at), .channel, .campaign, .communication_status, .purpose, .offer,
      planned_at: toString(t.planned_at), sent_at: toString(t.sent_at)}
    WHEN 'REFERRAL' THEN t {.id, .kind, at: toString(t.at), .channel, .campaign, .referral_status, .code, .ended_reason, .flags,
      invited_at: toString(t.invited_at), accepted_at: toString(t.accepted_at), expires_at: toString(t.expires_at), qualified_at: toString(t.qualified_at),
      ended_at: toString(t.ended_at), advocate_id: i.customer_id,
      friend_id: head(COLLECT { MATCH (t)-[:BROUGHT]->(friend:Identifier) RETURN friend.customer_id }),
      invitee: head(COLLECT {
        MATCH (t)-[:INVITEE]->(f:Identifier)
        RETURN f {.type, .value, .customer_id}})}
  END
} AS row
