// record_owners($rows) -> write
// Whose identifiers are from now on: rows of an identifier and a customer.
UNWIND $asked.rows AS row
MATCH (i:Identifier {id: row[0]})
USING INDEX SEEK i:Identifier(id)
MATCH (c:Customer {id: row[1]})
USING INDEX SEEK c:Customer(id)
MATCH (i)<-[was:IDENTIFIED_BY]-(:Customer)
DELETE was
CREATE (c)-[:IDENTIFIED_BY]->(i)
