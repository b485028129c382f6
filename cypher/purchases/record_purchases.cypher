// record_purchases($rows) -> write
// Purchases heard of for the first time.
UNWIND $asked.rows AS row
MATCH (i:Identifier {id: row.identifier})
USING INDEX SEEK i:Identifier(id)
CREATE (i)-[:MADE]->(:Purchase:Thing:TimelineEntry:Event {
  id: row.id, key: row.key, body_hash: row.body_hash, body: row.body, thing_key: row.thing_key, kind: 'PURCHASE', number: row.number,
  source: row.source, at: datetime(row.at), timeline_key: row.timeline_key, kind_key: row.kind_key, channel: row.channel,
  campaign: row.campaign, coupon: row.coupon, purchase_status: row.purchase_status, statuses: row.statuses,
  status_times: [time IN row.status_times | datetime(time)], currency: row.currency, total: row.total, refunded: row.refunded,
  refunded_above: row.refunded_above, refunds_elsewhere: row.refunds_elsewhere, cart_key: row.cart_key})
