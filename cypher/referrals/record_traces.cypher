// record_traces($rows) -> write
// What of customers was looked at, as hashes. It is another one than before, so those whom they brought in are to be looked at as well.
UNWIND $asked.rows AS row
MATCH (c:Customer {id: row[0]})
USING INDEX SEEK c:Customer(id)
SET c.traces = row[1]
WITH c
MATCH (c)-[:REFERRED]->(friend:Customer)
CREATE (:SuspicionMark {customer: friend.id, at: datetime()})
