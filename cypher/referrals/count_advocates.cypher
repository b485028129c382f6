// count_advocates() -> one int
MATCH (c:Customer)
USING INDEX SEEK c:Customer(network_size, id)
WHERE c.network_size >= 1 AND c.id > ''
RETURN count(c) AS advocates
