// forget_customers($ids) -> write
// Customers of whom no identifier is left. Whose network they stood in is to be summed anew.
UNWIND $asked.ids AS id
MATCH (c:Customer {id: id})
USING INDEX SEEK c:Customer(id)
CALL (c) { MATCH (c)<-[:REFERRED]-(was:Customer) CREATE (:NetworkMark {customer: was.id, at: datetime()}) }
DETACH DELETE c
