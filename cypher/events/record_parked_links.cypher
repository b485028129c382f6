// record_parked_links($keys) -> write
// Statements that came before their thing are tied to it once it is there.
UNWIND $asked.keys AS key
MATCH (t:Thing {thing_key: key})
USING INDEX SEEK t:Thing(thing_key)
MATCH (s:Statement {thing_key: key})
USING INDEX SEEK s:Statement(thing_key)
MERGE (s)-[:ABOUT]->(t)
