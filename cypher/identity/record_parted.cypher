// record_parted($identifiers) -> write
// Merges whose two sides are two customers by now, since evidence gave some of these identifiers to others.
UNWIND $asked.identifiers AS id
MATCH (moved:Identifier {id: id})<-[:KEPT|ABSORBED]-(m:Merge)
USING INDEX SEEK moved:Identifier(id)
WHERE m.undone_at IS NULL
WITH DISTINCT m
MATCH (m)-[:KEPT]->(:Identifier)<-[:IDENTIFIED_BY]-(one:Customer)
MATCH (m)-[:ABSORBED]->(:Identifier)<-[:IDENTIFIED_BY]-(other:Customer)
WHERE one <> other
SET m.undone_at = datetime()
