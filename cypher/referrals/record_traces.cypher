// record_traces($rows) -> write
// What of customers was looked at, as hashes. It is another one than before, so whoever accepted what they offer is to be looked at as
// well.
UNWIND $asked.rows AS row
MATCH (c:Customer {id: row[0]})
USING INDEX SEEK c:Customer(id)
SET c.traces = row[1]
WITH c
MATCH (c)-[:IDENTIFIED_BY]->(:Identifier)-[:INVITED]->(:Referral)-[:BROUGHT]->(brought:Identifier)
MATCH (brought)<-[:IDENTIFIED_BY]-(friend:Customer)
WITH DISTINCT friend.id AS friend
CREATE (:SuspicionMark {customer: friend, at: datetime()})
