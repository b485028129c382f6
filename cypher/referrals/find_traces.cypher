// find_traces($customer_ids) -> many Traced
// What is known of the traits of these customers, who invited them, and what of all that was looked at before.
UNWIND $asked.customer_ids AS id
MATCH (c:Customer {id: id})
USING INDEX SEEK c:Customer(id)
RETURN {customer: id, seen: c.traces,
  states: COLLECT { MATCH (c)-[:IDENTIFIED_BY]->(i:Identifier) WHERE i.trait_state IS NOT NULL RETURN i.trait_state },
  inviters: COLLECT {
    MATCH (c)-[:IDENTIFIED_BY]->(:Identifier)<-[:INVITEE]-(r:Referral)
    MATCH (r)<-[:INVITED]-(:Identifier)<-[:IDENTIFIED_BY]-(inviter:Customer)
    RETURN DISTINCT inviter.id
  }} AS traced
