// record_regrouping($rows) -> write
// Customers who have others of the identifiers than before, with their versions. Whatever they have to do with is looked at again.
UNWIND $asked.rows AS row
MATCH (c:Customer {id: row[0]})
USING INDEX SEEK c:Customer(id)
SET c.version = row[1], c.traces = ''
CREATE (:SuspicionMark {customer: c.id, at: datetime()})
