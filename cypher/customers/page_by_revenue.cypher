// page_by_revenue($key, $id, $limit) -> many CustomerRow
// Customers largest revenue first: those that share the key, then those beyond it, each an ordered seek.
CALL () {
  MATCH (c:Customer)
  USING INDEX SEEK c:Customer(revenue, id)
  WHERE c.revenue = $asked.key AND c.id < $asked.id
  RETURN c
  ORDER BY c.revenue DESC, c.id DESC
  LIMIT $asked.limit
  UNION ALL
  MATCH (c:Customer)
  USING INDEX SEEK c:Customer(revenue, id)
  WHERE c.revenue < $asked.key AND c.id > ''
  RETURN c
  ORDER BY c.revenue DESC, c.id DESC
  LIMIT $asked.limit
}
RETURN {id: c.id, key: c.revenue} AS customer
LIMIT $asked.limit
