// record_purchases($rows) -> write
// Purchases as all that was said of them makes them; what an earlier state left behind is replaced.
UNWIND $rows AS row
MATCH (i:Identifier {id: row.identifier})
MERGE (p:Thing {thing_key: row.thing_key})
ON CREATE SET p:Purchase:TimelineEntry:Event, p.id = row.id, p.key = row.key, p.body_hash = row.body_hash, p.body = row.body,
  p.number = row.number, p.source = row.source, p.kind = 'PURCHASE'
SET p.at = datetime(row.at), p.timeline_key = row.timeline_key, p.kind_key = row.kind_key, p.channel = row.channel,
  p.campaign = row.campaign, p.coupon = row.coupon, p.purchase_status = row.purchase_status, p.statuses = row.statuses,
  p.status_times = [time IN row.status_times | datetime(time)], p.currency = row.currency, p.total = row.total,
  p.refunded = row.refunded, p.cart_key = row.cart_key
MERGE (i)-[:MADE]->(p)
WITH p, row
CALL (p) { MATCH (p)-[was:CONTAINS]->() DELETE was }
UNWIND row.items AS item
MATCH (product:Product {sku: item.sku})
CREATE (p)-[:CONTAINS {position: item.position, quantity: item.quantity, unit_price: item.unit_price, discount: item.discount,
  total: item.total, currency: item.currency}]->(product)
