// record_cart_changes($rows) -> write
// Carts as they now stand.
UNWIND $asked.rows AS row
MATCH (cart:Thing {thing_key: row.thing_key})
USING INDEX SEEK cart:Thing(thing_key)
SET cart.opened_at = datetime(row.opened_at), cart.updated_at = datetime(row.updated_at), cart.order_key = row.order_key,
  cart.channel = row.channel, cart.checkout_step = row.checkout_step, cart.currency = row.currency, cart.total = row.total,
  cart.purchase_key = row.purchase_key
