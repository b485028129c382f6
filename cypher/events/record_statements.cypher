// record_statements($rows) -> write
// Later events about a thing; those whose thing is still to come stand alone until it does.
UNWIND $asked.rows AS row
CREATE (s:Statement:Event {key: row.key, body_hash: row.body_hash, thing_key: row.thing_key, at: datetime(row.at), body: row.body})
WITH s
MATCH (t:Thing {thing_key: s.thing_key})
USING INDEX SEEK t:Thing(thing_key)
WHERE t.id IS NOT NULL
CREATE (s)-[:ABOUT]->(t)
