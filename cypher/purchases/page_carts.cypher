// page_carts($customer_id, $low, $high, $limit) -> one CartPage
// A customer's carts, newest first: one ordered seek for each identifier, merged.
MATCH (named:Identifier {customer_id: $asked.customer_id})<-[:IDENTIFIED_BY]-(c:Customer)
USING INDEX SEEK named:Identifier(customer_id)
WITH c, c.version AS version
CALL (c) {
  MATCH (c)-[:IDENTIFIED_BY]->(i:Identifier)
  RETURN collect(i) AS owned
}
CALL (owned) {
  UNWIND owned AS i
  CALL (i) {
    MATCH (cart:Cart)
    USING INDEX SEEK cart:Cart(order_key)
    WHERE cart.order_key > i.id + '/' + $asked.low AND cart.order_key < i.id + '/' + $asked.high
    RETURN cart
    ORDER BY cart.order_key DESC
    LIMIT $asked.limit
  }
  RETURN i, cart
  ORDER BY substring(cart.order_key, size(i.id) + 1) DESC
  LIMIT $asked.limit
}
WITH c, version, collect(
  cart {.id, opened_at: toString(cart.opened_at), updated_at: toString(cart.updated_at), .checkout_step,
    cart_total: CASE WHEN cart.total IS NOT NULL THEN {amount: cart.total, currency: cart.currency} END,
    purchase_id: coalesce(head(COLLECT { MATCH (cart)-[:BECAME]->(purchase:Purchase) RETURN purchase.id }),
      head(COLLECT { MATCH (purchase:Thing {thing_key: cart.purchase_key}) USING INDEX SEEK purchase:Thing(thing_key) RETURN purchase.id })),
    followed_by: CASE WHEN cart.purchase_key IS NULL AND NOT EXISTS { (cart)-[:BECAME]->() } THEN head(COLLECT {
      UNWIND owned AS o
      CALL (o, cart, i) {
        MATCH (p:TimelineEntry)
        WHERE p.kind_key > o.id + '/PURCHASE/' + substring(cart.order_key, size(i.id) + 1, 23) AND p.kind_key < o.id + '/PURCHASE0'
          AND p.at >= cart.updated_at AND p.cart_key IS NULL
        RETURN p
        ORDER BY p.kind_key
        LIMIT 1
      }
      WITH p
      ORDER BY p.at, p.id
      LIMIT 1
      WHERE NOT EXISTS {
        UNWIND owned AS holder
        MATCH (holder)-[:HAS]->(later:Cart)
        WHERE later.updated_at <= p.at AND later.purchase_key IS NULL AND NOT EXISTS { (later)-[:BECAME]->() }
          AND (later.updated_at > cart.updated_at OR (later.updated_at = cart.updated_at AND later.id > cart.id))}
      RETURN {id: p.id, at: toString(p.at)}}) END,
    items: COLLECT {
      MATCH (cart)-[line:CONTAINS]->(product:Product)
      RETURN {sku: product.sku, quantity: line.quantity,
        unit_price: CASE WHEN line.unit_price IS NOT NULL THEN {amount: line.unit_price, currency: line.currency} END,
        discount: CASE WHEN line.discount IS NOT NULL THEN {amount: line.discount, currency: line.currency} END,
        total: CASE WHEN line.total IS NOT NULL THEN {amount: line.total, currency: line.currency} END}
      ORDER BY line.position}}
) AS carts
MATCH (again:Customer {id: c.id})
USING INDEX SEEK again:Customer(id)
RETURN {version_before: version, version_after: again.version, carts: carts} AS page
