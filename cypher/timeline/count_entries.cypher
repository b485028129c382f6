// count_entries($customer_id, $kinds, $low, $high, $limit, $channels, $types, $statuses, $survey_kinds, $open) -> one EntryCount
// How many entries there are, having looked at no more than the limit: `seen` tells whether the bound was met.
MATCH (:Identifier {customer_id: $customer_id})<-[:IDENTIFIED_BY]-(c:Customer)
CALL (c) {
  MATCH (c)-[:IDENTIFIED_BY]->(i:Identifier)
  RETURN collect(i) AS owned
}
CALL (owned) {
  UNWIND CASE WHEN $kinds IS NULL THEN owned ELSE [] END AS i
  MATCH (t:TimelineEntry)
  WHERE t.timeline_key > i.id + '/' + $low AND t.timeline_key < i.id + '/' + $high
  RETURN t
  LIMIT $limit
  UNION ALL
  UNWIND $kinds AS kind
  UNWIND owned AS i
  MATCH (t:TimelineEntry)
  WHERE t.kind_key > i.id + '/' + kind + '/' + $low AND t.kind_key < i.id + '/' + kind + '/' + $high
  RETURN t
  LIMIT $limit
}
RETURN {seen: count(t), matching: sum(CASE WHEN
  ($channels IS NULL OR t.channel IN $channels) AND ($types IS NULL OR t.type IN $types)
  AND ($statuses IS NULL OR coalesce(t.purchase_status, t.communication_status, t.referral_status) IN $statuses)
  AND ($survey_kinds IS NULL OR t.survey_kind IN $survey_kinds) AND ($open IS NULL OR (t.closed_at IS NULL) = $open)
  THEN 1 ELSE 0 END)} AS counted
