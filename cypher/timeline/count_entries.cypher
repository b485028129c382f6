// count_entries($customer_id, $kinds, $low, $high, $limit, $channels, $types, $statuses, $survey_kinds, $open) -> one EntryCount
// How many entries there are, having looked at no more than the limit: `seen` tells whether the bound was met.
// One map, for a plan is kept for each combination of types and sizes of parameters, but a map is a map.
MATCH (named:Identifier {customer_id: $asked.customer_id})<-[:IDENTIFIED_BY]-(c:Customer)
USING INDEX SEEK named:Identifier(customer_id)
CALL (c) {
  MATCH (c)-[:IDENTIFIED_BY]->(i:Identifier)
  RETURN collect(i) AS owned
}
CALL (owned) {
  UNWIND CASE WHEN $asked.kinds IS NULL THEN owned ELSE [] END AS i
  MATCH (t:TimelineEntry)
  USING INDEX SEEK t:TimelineEntry(timeline_key)
  WHERE t.timeline_key > i.id + '/' + $asked.low AND t.timeline_key < i.id + '/' + $asked.high
  RETURN t
  LIMIT $asked.limit
  UNION ALL
  UNWIND $asked.kinds AS kind
  UNWIND owned AS i
  MATCH (t:TimelineEntry)
  USING INDEX SEEK t:TimelineEntry(kind_key)
  WHERE t.kind_key > i.id + '/' + kind + '/' + $asked.low AND t.kind_key < i.id + '/' + kind + '/' + $asked.high
  RETURN t
  LIMIT $asked.limit
}
RETURN {seen: count(t), matching: sum(CASE WHEN
  ($asked.channels IS NULL OR t.channel IN $asked.channels) AND ($asked.types IS NULL OR t.type IN $asked.types)
  AND ($asked.statuses IS NULL OR coalesce(t.purchase_status, t.communication_status,
    CASE WHEN t.referral_status = 'INVITED' AND t.expires_at <= datetime() THEN 'EXPIRED' ELSE t.referral_status END) IN $asked.statuses)
  AND ($asked.survey_kinds IS NULL OR t.survey_kind IN $asked.survey_kinds) AND ($asked.open IS NULL OR (t.closed_at IS NULL) = $asked.open)
  THEN 1 ELSE 0 END)} AS counted
