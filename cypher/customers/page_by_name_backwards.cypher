// page_by_name_backwards($key, $id, $limit) -> many CustomerRow
// Customers by name, from the end of the list: those that share the key, then those beyond it, each an ordered seek.
CALL () {
  MATCH (c:Customer)
  WHERE c.name_key = $key AND c.id < $id
  RETURN c
  ORDER BY c.name_key DESC, c.id DESC
  LIMIT $limit
  UNION ALL
  MATCH (c:Customer)
  WHERE c.name_key < $key AND c.id > ''
  RETURN c
  ORDER BY c.name_key DESC, c.id DESC
  LIMIT $limit
}
RETURN {id: c.id, key: c.name_key} AS customer
LIMIT $limit
