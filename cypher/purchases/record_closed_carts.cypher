// record_closed_carts($cart_keys) -> write
// A cart became the purchase that names it, whichever of the two came first.
UNWIND $asked.cart_keys AS key
MATCH (p:Purchase {cart_key: key})
MATCH (cart:Thing {thing_key: key})
MERGE (cart)-[:BECAME]->(p)
