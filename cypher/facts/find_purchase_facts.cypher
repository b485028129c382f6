// find_purchase_facts($ids, $after, $limit) -> many PurchaseFacts
// The purchases filed under these identifiers as they are kept, each with all that was said of it; in order of kind_key.
UNWIND $asked.ids AS id
CALL (id) {
  MATCH (p:TimelineEntry)
  USING INDEX SEEK p:TimelineEntry(kind_key)
  WHERE p.kind_key > id + '/PURCHASE/' AND p.kind_key > $asked.after AND p.kind_key < id + '/PURCHASE0'
  RETURN p
  ORDER BY p.kind_key
  LIMIT $asked.limit
}
WITH id, p
ORDER BY p.kind_key
LIMIT $asked.limit
RETURN {
  id: p.id,
  identifier: id,
  kind_key: p.kind_key,
  at: toString(p.at),
  kept: {
    status: p.purchase_status, statuses: p.statuses, total: p.total, refunded: coalesce(p.refunded, 0), currency: p.currency,
    channel: p.channel, refunded_above: coalesce(p.refunded_above, 0), refunds_elsewhere: coalesce(p.refunds_elsewhere, [])},
  bodies: [p.body] + COLLECT { MATCH (s:Statement {thing_key: p.thing_key}) USING INDEX SEEK s:Statement(thing_key) RETURN s.body }
} AS facts
