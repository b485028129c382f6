// record_refiled($rows) -> write
// Things whose first event came late, and names another identifier than the one they were filed under.
UNWIND $asked.rows AS row
MATCH (t:Thing {thing_key: row.thing_key})
USING INDEX SEEK t:Thing(thing_key)
CALL (t) {
  MATCH (t)<-[old:MADE|HAS|RAISED|WAS_SENT]-()
  DELETE old
  RETURN count(*) AS parted
}
WITH t, row
MATCH (i:Identifier {id: row.identifier})
USING INDEX SEEK i:Identifier(id)
FOREACH (_ IN CASE WHEN t:Purchase THEN [1] ELSE [] END | CREATE (i)-[:MADE]->(t))
FOREACH (_ IN CASE WHEN t:Cart THEN [1] ELSE [] END | CREATE (i)-[:HAS]->(t))
FOREACH (_ IN CASE WHEN t:Case THEN [1] ELSE [] END | CREATE (i)-[:RAISED]->(t))
FOREACH (_ IN CASE WHEN t:Communication THEN [1] ELSE [] END | CREATE (i)-[:WAS_SENT]->(t))
