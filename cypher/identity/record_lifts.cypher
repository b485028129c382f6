// record_lifts($rows) -> write
// Merges that lift fewer vetoes than they did, each named by the two identifiers and the event that stated it.
UNWIND $asked.rows AS row
MATCH (a:Identifier {id: row[0]})
USING INDEX SEEK a:Identifier(id)
MATCH (a)-[link:LINKED {rule: 'merge', event: row[2]}]->(b:Identifier)
WHERE b.id = row[1]
SET link.lifts = row[3]
