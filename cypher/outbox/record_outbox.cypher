// record_outbox($rows) -> write
// What is still to be published: each touched customer with the version it has now.
UNWIND $asked.rows AS row
CREATE (:Outbox {customer: row[0], version: row[1]})
