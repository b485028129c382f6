// record_customers($ids) -> write
// New customers, before anything is known of them.
UNWIND $asked.ids AS id
CREATE (:Customer {id: id, version: 1, revenue: 0, name_key: '~', search_text: ''})
