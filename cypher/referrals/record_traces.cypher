// record_traces($rows) -> write
// What of a customer was looked at, as a hash.
UNWIND $asked.rows AS row
MATCH (c:Customer {id: row[0]})
USING INDEX SEEK c:Customer(id)
SET c.traces = row[1]
