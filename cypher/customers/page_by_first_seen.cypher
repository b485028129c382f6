// page_by_first_seen($key, $id, $limit) -> many CustomerRow
// Customers newest first: those that share the key, then those beyond it, each an ordered seek.
CALL () {
  MATCH (c:Customer)
  WHERE c.first_seen_at = datetime($key) AND c.id < $id
  RETURN c
  ORDER BY c.first_seen_at DESC, c.id DESC
  LIMIT $limit
  UNION ALL
  MATCH (c:Customer)
  WHERE c.first_seen_at < datetime($key) AND c.id > ''
  RETURN c
  ORDER BY c.first_seen_at DESC, c.id DESC
  LIMIT $limit
}
RETURN {id: c.id, key: toString(c.first_seen_at)} AS customer
LIMIT $limit
