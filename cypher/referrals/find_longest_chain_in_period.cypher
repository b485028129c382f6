// find_longest_chain_in_period($since, $until) -> one int
// How many steps it is to the root from whoever of those who accepted in a time stands deepest.
MATCH ()-[r:REFERRED]->(friend:Customer)
USING INDEX SEEK r:REFERRED(at)
WHERE r.at >= datetime($asked.since) AND r.at < datetime($asked.until)
MATCH (friend)<-[way:REFERRED*1..1000000]-(:Customer)
RETURN coalesce(max(size(way)), 0) AS length
