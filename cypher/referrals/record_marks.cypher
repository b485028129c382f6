// record_marks($customers) -> write
// Customers whose networks are to be summed anew.
UNWIND $asked.customers AS id
CREATE (:NetworkMark {customer: id, at: datetime()})
