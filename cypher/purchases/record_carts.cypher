// record_carts($rows) -> write
// Carts as they last stood.
UNWIND $rows AS row
MATCH (i:Identifier {id: row.identifier})
MERGE (cart:Thing {thing_key: row.thing_key})
ON CREATE SET cart:Cart:Event, cart.id = row.id, cart.key = row.key, cart.body_hash = row.body_hash, cart.body = row.body,
  cart.number = row.number, cart.source = row.source
SET cart.opened_at = datetime(row.opened_at), cart.updated_at = datetime(row.updated_at), cart.order_key = row.order_key,
  cart.channel = row.channel, cart.checkout_step = row.checkout_step, cart.currency = row.currency, cart.total = row.total
MERGE (i)-[:HAS]->(cart)
WITH cart, row
CALL (cart) { MATCH (cart)-[was:CONTAINS]->() DELETE was }
UNWIND row.items AS item
MATCH (product:Product {sku: item.sku})
CREATE (cart)-[:CONTAINS {position: item.position, quantity: item.quantity, unit_price: item.unit_price, discount: item.discount,
  total: item.total, currency: item.currency}]->(product)
