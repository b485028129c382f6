// find_network_facts($after, $limit) -> many NetworkFacts
// What is kept of customers' networks, beside what follows from what is kept of those whom they brought in; in order of id.
MATCH (c:Customer)
USING INDEX SEEK c:Customer(id)
WHERE c.id > $asked.after
WITH c ORDER BY c.id LIMIT $asked.limit
CALL (c) {
  MATCH (c)-[r:REFERRED]->(friend:Customer)
  RETURN count(r) AS brought, sum(r.converted) AS converted, sum(1 + coalesce(friend.network_size, 0)) AS network_size,
    max(1 + coalesce(friend.network_depth, 0)) AS network_depth
}
CALL (c) {
  MATCH (c)-[r:REFERRED]->(friend:Customer)
  UNWIND [name IN keys(r) WHERE name STARTS WITH 'net_' | ['below_' + substring(name, 4), r[name]]]
    + [name IN keys(friend) WHERE name STARTS WITH 'below_' | [name, friend[name]]] AS pair
  WITH pair[0] AS name, sum(pair[1]) AS net
  RETURN collect([name, net]) AS counted_sums
}
RETURN {
  id: c.id,
  kept: {
    brought: coalesce(c.brought, 0), converted: coalesce(c.converted, 0), network_size: coalesce(c.network_size, 0),
    network_depth: coalesce(c.network_depth, 0)},
  counted: {brought: brought, converted: converted, network_size: network_size, network_depth: coalesce(network_depth, 0)},
  sums: [name IN keys(c) WHERE name STARTS WITH 'below_' | [name, c[name]]],
  counted_sums: counted_sums
} AS facts
