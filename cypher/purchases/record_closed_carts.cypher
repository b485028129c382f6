// record_closed_carts($cart_keys) -> one
// A cart became the purchase that names it, whichever of the two came first, and for as long as it does; whose carts changed.
UNWIND $asked.cart_keys AS key
MATCH (cart:Thing {thing_key: key})
USING INDEX SEEK cart:Thing(thing_key)
WHERE cart:Cart
CALL (cart, key) {
  MATCH (cart)-[old:BECAME]->(p:Purchase)
  WHERE p.cart_key IS NULL OR p.cart_key <> key
  DELETE old
  RETURN count(*) AS parted
}
CALL (cart, key) {
  MATCH (p:Purchase {cart_key: key})
  USING INDEX SEEK p:Purchase(cart_key)
  WHERE NOT EXISTS { (cart)-[:BECAME]->(p) }
  CREATE (cart)-[:BECAME]->(p)
  RETURN count(*) AS tied
}
WITH cart
WHERE parted + tied > 0
MATCH (c:Customer)-[:IDENTIFIED_BY]->(:Identifier)-[:HAS]->(cart)
RETURN collect(DISTINCT c.id) AS owners
