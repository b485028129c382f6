// find_things($keys) -> one
// What is known of these things: the thing itself where it exists, and everything else that was said of it.
UNWIND $asked.keys AS key
OPTIONAL MATCH (t:Thing {thing_key: key})
USING INDEX SEEK t:Thing(thing_key)
WITH key, t, COLLECT { MATCH (s:Statement {thing_key: key}) USING INDEX SEEK s:Statement(thing_key) RETURN s.body ORDER BY s.key } AS statements
WHERE t IS NOT NULL OR size(statements) > 0
OPTIONAL MATCH (c:Customer)-[:IDENTIFIED_BY]->(i:Identifier)-[:MADE|HAS|RAISED|WAS_SENT]->(t)
RETURN collect({key: key, there: t IS NOT NULL, id: t.id, body: t.body, statements: statements, identifier: i.id, customer: c.id}) AS things
