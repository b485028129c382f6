// page_by_name($key, $id, $limit) -> many CustomerRow
// Customers by name: those that share the key, then those beyond it, each an ordered seek.
CALL () {
  MATCH (c:Customer)
  USING INDEX SEEK c:Customer(name_key, id)
  WHERE c.name_key = $asked.key AND c.id > $asked.id
  RETURN c
  ORDER BY c.name_key, c.id
  LIMIT $asked.limit
  UNION ALL
  MATCH (c:Customer)
  USING INDEX SEEK c:Customer(name_key, id)
  WHERE c.name_key > $asked.key AND c.id > ''
  RETURN c
  ORDER BY c.name_key, c.id
  LIMIT $asked.limit
}
RETURN {id: c.id, key: c.name_key} AS customer
LIMIT $asked.limit
