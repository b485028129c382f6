// record_parted($identifiers) -> write
// What evidence had merged and evidence has parted: the two sides are two customers by now, since some of these identifiers went to
// others. Merges by hand last until somebody undoes them.
UNWIND $asked.identifiers AS id
MATCH (moved:Identifier {id: id})<-[:KEPT|ABSORBED]-(m:Merge)
USING INDEX SEEK moved:Identifier(id)
WHERE m.undone_at IS NULL AND m.key IS NULL
WITH DISTINCT m
MATCH (m)-[:KEPT]->(:Identifier)<-[:IDENTIFIED_BY]-(one:Customer)
MATCH (m)-[:ABSORBED]->(:Identifier)<-[:IDENTIFIED_BY]-(other:Customer)
WHERE one <> other
SET m.undone_at = datetime()
