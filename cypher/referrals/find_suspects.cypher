// find_suspects($customer_ids) -> many Suspect
// What these customers accepted, whatever became of it, with that by which it may be suspicious: what is known of the traits of
// both, how they came to be one, the ring it would have closed, and whether the friend invites anybody.
UNWIND $asked.customer_ids AS id
MATCH (c:Customer {id: id})-[:IDENTIFIED_BY]->(brought:Identifier)<-[:BROUGHT]-(r:Referral)
USING INDEX SEEK c:Customer(id)
// Apart, for one who accepts their own invitation comes and goes by the same edge.
MATCH (r)<-[:INVITED]-(inviting:Identifier)<-[:IDENTIFIED_BY]-(advocate:Customer)
WITH id, c, brought, r, inviting, advocate, CASE
  WHEN advocate = c THEN 'SELF_REFERRAL'
  // Reviews have reasons in words of their own, be they that.
  WHEN r.referral_status = 'REJECTED' AND coalesce(r.approved, true) THEN r.ended_reason
END AS reason
RETURN {
  referral: r.id, friend: id, advocate: advocate.id, at: toString(r.accepted_at), reason: reason, flags: r.flags,
  friend_states: COLLECT { MATCH (c)-[:IDENTIFIED_BY]->(i:Identifier) WHERE i.trait_state IS NOT NULL RETURN i.trait_state },
  advocate_states: COLLECT { MATCH (advocate)-[:IDENTIFIED_BY]->(i:Identifier) WHERE i.trait_state IS NOT NULL RETURN i.trait_state },
  joined: CASE reason WHEN 'SELF_REFERRAL' THEN [inviting.type, brought.type] ELSE [] END,
  ring: CASE reason WHEN 'CYCLE' THEN coalesce(head(COLLECT {
    MATCH way = (advocate)<-[:REFERRED*1..1000]-(top:Customer)
    WHERE top.id = id
    RETURN [one IN nodes(way) | one.id]
  }), []) ELSE [] END,
  invites: EXISTS { MATCH (c)-[:IDENTIFIED_BY]->(:Identifier)-[:INVITED]->(:Referral) }} AS suspect
