// record_contested($rows) -> write
// Customers around whom there is evidence that doesn't stand, or around whom all of it does again: rows of a customer, and which.
UNWIND $asked.rows AS row
MATCH (c:Customer {id: row[0]})
USING INDEX SEEK c:Customer(id)
SET c.contested = CASE WHEN row[1] THEN true END
