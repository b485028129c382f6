// record_parted($identifiers) -> write
// What evidence had merged and evidence has parted: nobody has anything of both sides by now, since customers that these identifiers
// belong to, or did, have lost some. Merges by hand last until somebody undoes them.
UNWIND $asked.identifiers AS id
MATCH (named:Identifier {id: id})<-[:KEPT|ABSORBED]-(m:Merge)
USING INDEX SEEK named:Identifier(id)
WHERE m.undone_at IS NULL AND m.key IS NULL
WITH DISTINCT m
CALL (m) {
  UNWIND m.kept_identifiers AS id
  MATCH (i:Identifier {id: id})<-[:IDENTIFIED_BY]-(c:Customer)
  USING INDEX SEEK i:Identifier(id)
  RETURN collect(c.id) AS ours
}
CALL (m) {
  UNWIND m.absorbed_identifiers AS id
  MATCH (i:Identifier {id: id})<-[:IDENTIFIED_BY]-(c:Customer)
  USING INDEX SEEK i:Identifier(id)
  RETURN collect(c.id) AS theirs
}
WITH m, ours, theirs
WHERE none(customer IN theirs WHERE customer IN ours)
SET m.undone_at = datetime()
