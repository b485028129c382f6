// page_by_last_seen_backwards($key, $id, $limit) -> many CustomerRow
// Customers latest seen first, from the end of the list: those that share the key, then those beyond it, each an ordered seek.
CALL () {
  MATCH (c:Customer)
  USING INDEX SEEK c:Customer(last_seen_at, id)
  WHERE c.last_seen_at = datetime($asked.key) AND c.id > $asked.id
  RETURN c
  ORDER BY c.last_seen_at, c.id
  LIMIT $asked.limit
  UNION ALL
  MATCH (c:Customer)
  USING INDEX SEEK c:Customer(last_seen_at, id)
  WHERE c.last_seen_at > datetime($asked.key) AND c.id > ''
  RETURN c
  ORDER BY c.last_seen_at, c.id
  LIMIT $asked.limit
}
RETURN {id: c.id, key: toString(c.last_seen_at)} AS customer
LIMIT $asked.limit
