// rank_by_network_size($key, $id, $limit) -> many AdvocateRow
// Advocates whose networks are largest: those that share the key, then those behind it, each an ordered seek.
CALL () {
  MATCH (c:Customer)
  USING INDEX SEEK c:Customer(network_size, id)
  WHERE c.network_size = $asked.key AND c.id < $asked.id
  RETURN c
  ORDER BY c.network_size DESC, c.id DESC
  LIMIT $asked.limit
  UNION ALL
  MATCH (c:Customer)
  USING INDEX SEEK c:Customer(network_size, id)
  WHERE c.network_size < $asked.key AND c.id > ''
  RETURN c
  ORDER BY c.network_size DESC, c.id DESC
  LIMIT $asked.limit
}
WITH c LIMIT $asked.limit
RETURN {customer: c.id, key: c.network_size, invited: c.referrals, accepted: c.brought, converted: c.converted, network_size: c.network_size,
  net: [name IN keys(c) WHERE name STARTS WITH 'below_' | [substring(name, 6), c[name]]]} AS advocate
