// forget_suspicion_marks($customers) -> write
UNWIND $asked.customers AS id
MATCH (m:SuspicionMark {customer: id})
USING INDEX SEEK m:SuspicionMark(customer)
DELETE m
