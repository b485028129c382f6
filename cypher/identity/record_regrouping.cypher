// record_regrouping($rows) -> write
// Customers who have others of the identifiers than before, and those around whom evidence doesn't stand, or does again. Rows: the
// customer, whether it doesn't, if that has changed, and whether it has others. Whatever they have to do with is looked at again.
UNWIND $asked.rows AS row
MATCH (c:Customer {id: row[0]})
USING INDEX SEEK c:Customer(id)
SET c.contested = CASE WHEN row[1] IS NULL THEN c.contested WHEN row[1] THEN true END
WITH c, row
WHERE row[2]
SET c.traces = ''
CREATE (:SuspicionMark {customer: c.id, at: datetime()})
