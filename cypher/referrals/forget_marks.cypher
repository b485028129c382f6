// forget_marks($customers) -> write
UNWIND $asked.customers AS id
MATCH (m:NetworkMark {customer: id})
USING INDEX SEEK m:NetworkMark(customer)
DELETE m
