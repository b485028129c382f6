// record_items($rows) -> write
// The lines of purchases and carts; by product, for where few have bought one yet a line holds it: in one order for all.
UNWIND $asked.rows AS row
UNWIND row.items AS item
WITH row.thing_key AS thing_key, item
ORDER BY item.sku
MATCH (t:Thing {thing_key: thing_key})
USING INDEX SEEK t:Thing(thing_key)
MATCH (p:Product {sku: item.sku})
USING INDEX SEEK p:Product(sku)
CREATE (t)-[:CONTAINS {position: item.position, quantity: item.quantity, unit_price: item.unit_price, discount: item.discount,
  total: item.total, currency: item.currency}]->(p)
