// record_purchase_changes($rows) -> write
// Purchases as all that was said of them makes them now.
UNWIND $asked.rows AS row
MATCH (p:Thing {thing_key: row.thing_key})
USING INDEX SEEK p:Thing(thing_key)
SET p.at = datetime(row.at), p.timeline_key = row.timeline_key, p.kind_key = row.kind_key, p.channel = row.channel,
  p.campaign = row.campaign, p.coupon = row.coupon, p.purchase_status = row.purchase_status, p.statuses = row.statuses,
  p.status_times = [time IN row.status_times | datetime(time)], p.currency = row.currency, p.total = row.total,
  p.refunded = row.refunded, p.refunded_above = row.refunded_above, p.refunds_elsewhere = row.refunds_elsewhere,
  p.cart_key = row.cart_key
