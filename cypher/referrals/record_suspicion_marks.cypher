// record_suspicion_marks($customers) -> write
UNWIND $asked.customers AS id
CREATE (:SuspicionMark {customer: id, at: datetime()})
