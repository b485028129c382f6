// find_traces($customer_ids) -> many Traced
// What is known of the traits of these customers, what of that was looked at before, and whether they invite anybody.
UNWIND $asked.customer_ids AS id
MATCH (c:Customer {id: id})
USING INDEX SEEK c:Customer(id)
RETURN {customer: id, seen: c.traces,
  states: COLLECT { MATCH (c)-[:IDENTIFIED_BY]->(i:Identifier) WHERE i.trait_state IS NOT NULL RETURN i.trait_state },
  invites: EXISTS { MATCH (c)-[:IDENTIFIED_BY]->(:Identifier)-[:INVITED]->(:Referral) }} AS traced
