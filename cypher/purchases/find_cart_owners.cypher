// find_cart_owners($purchase_keys) -> one
// Customers whose carts these purchases ended.
UNWIND $asked.purchase_keys AS key
MATCH (cart:Cart {purchase_key: key})<-[:HAS]-(:Identifier)<-[:IDENTIFIED_BY]-(c:Customer)
USING INDEX SEEK cart:Cart(purchase_key)
RETURN collect(DISTINCT c.id) AS owners
