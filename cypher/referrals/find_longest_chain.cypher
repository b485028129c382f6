// find_longest_chain() -> one int
// How many generations the deepest network has.
MATCH (c:Customer)
USING INDEX SEEK c:Customer(network_depth)
WHERE c.network_depth >= 1
RETURN c.network_depth AS length
ORDER BY c.network_depth DESC
LIMIT 1
