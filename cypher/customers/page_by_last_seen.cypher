// page_by_last_seen($key, $id, $limit) -> many CustomerRow
// Customers latest seen first: those that share the key, then those beyond it, each an ordered seek.
CALL () {
  MATCH (c:Customer)
  USING INDEX SEEK c:Customer(last_seen_at, id)
  WHERE c.last_seen_at = datetime($asked.key) AND c.id < $asked.id
  RETURN c
  ORDER BY c.last_seen_at DESC, c.id DESC
  LIMIT $asked.limit
  UNION ALL
  MATCH (c:Customer)
  USING INDEX SEEK c:Customer(last_seen_at, id)
  WHERE c.last_seen_at < datetime($asked.key) AND c.id > ''
  RETURN c
  ORDER BY c.last_seen_at DESC, c.id DESC
  LIMIT $asked.limit
}
RETURN {id: c.id, key: toString(c.last_seen_at)} AS customer
LIMIT $asked.limit
