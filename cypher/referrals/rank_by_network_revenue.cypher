// rank_by_network_revenue($key, $id, $limit) -> many AdvocateRow
// Advocates whose networks are worth most: those that share the key, then those behind it, each an ordered seek.
CALL () {
  MATCH (c:Customer)
  USING INDEX SEEK c:Customer(network_revenue, id)
  WHERE c.network_revenue = $asked.key AND c.id < $asked.id
  RETURN c
  ORDER BY c.network_revenue DESC, c.id DESC
  LIMIT $asked.limit
  UNION ALL
  MATCH (c:Customer)
  USING INDEX SEEK c:Customer(network_revenue, id)
  WHERE c.network_revenue < $asked.key AND c.id > ''
  RETURN c
  ORDER BY c.network_revenue DESC, c.id DESC
  LIMIT $asked.limit
}
WITH c LIMIT $asked.limit
RETURN {customer: c.id, key: c.network_revenue, invited: c.referrals, accepted: c.brought, converted: c.converted, network_size: c.network_size,
  net: [name IN keys(c) WHERE name STARTS WITH 'below_' | [substring(name, 6), c[name]]]} AS advocate
