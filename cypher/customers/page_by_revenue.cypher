// page_by_revenue($key, $id, $limit) -> many CustomerRow
// Customers largest revenue first: those that share the key, then those beyond it, each an ordered seek.
CALL () {
  MATCH (c:Customer)
  WHERE c.revenue = $key AND c.id < $id
  RETURN c
  ORDER BY c.revenue DESC, c.id DESC
  LIMIT $limit
  UNION ALL
  MATCH (c:Customer)
  WHERE c.revenue < $key AND c.id > ''
  RETURN c
  ORDER BY c.revenue DESC, c.id DESC
  LIMIT $limit
}
RETURN {id: c.id, key: c.revenue} AS customer
LIMIT $limit
