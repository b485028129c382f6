// record_customers($rows) -> write
// New customers, each with its version, before anything is known of them.
UNWIND $asked.rows AS row
CREATE (:Customer {id: row[0], version: row[1], revenue: 0, name_key: '~', search_text: ''})
