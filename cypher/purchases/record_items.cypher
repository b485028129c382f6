// record_items($rows) -> write
// The lines of purchases and carts.
UNWIND $asked.rows AS row
MATCH (t:Thing {thing_key: row.thing_key})
USING INDEX SEEK t:Thing(thing_key)
UNWIND row.items AS item
MATCH (p:Product {sku: item.sku})
USING INDEX SEEK p:Product(sku)
CREATE (t)-[:CONTAINS {position: item.position, quantity: item.quantity, unit_price: item.unit_price, discount: item.discount,
  total: item.total, currency: item.currency}]->(p)
