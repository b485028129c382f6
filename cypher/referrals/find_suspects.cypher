// find_suspects($customer_ids) -> many Suspect
// What these customers accepted and still counts, or was rejected for what it is, with that by which it may be suspicious: what is
// known of the traits of both, how they came to be one, the ring it would have closed, and whether the friend had invited the
// advocate before.
UNWIND $asked.customer_ids AS id
MATCH (c:Customer {id: id})-[:IDENTIFIED_BY]->(brought:Identifier)<-[:BROUGHT]-(r:Referral)
USING INDEX SEEK c:Customer(id)
WHERE r.referral_status IN ['ACCEPTED', 'IN_REVIEW', 'QUALIFIED', 'REWARDED', 'REVERSED']
  OR r.ended_reason IN ['SELF_REFERRAL', 'CYCLE']
// Apart, for one who accepts their own invitation comes and goes by the same edge.
MATCH (r)<-[:INVITED]-(inviting:Identifier)<-[:IDENTIFIED_BY]-(advocate:Customer)
WITH id, c, brought, r, inviting, advocate
// Reviews have reasons in words of their own, be they those.
WHERE r.referral_status <> 'REJECTED' OR advocate = c OR coalesce(r.approved, true)
RETURN {
  referral: r.id, friend: id, advocate: advocate.id, at: toString(r.accepted_at), ended_reason: r.ended_reason, flags: r.flags,
  friend_states: COLLECT { MATCH (c)-[:IDENTIFIED_BY]->(i:Identifier) WHERE i.trait_state IS NOT NULL RETURN i.trait_state },
  advocate_states: COLLECT { MATCH (advocate)-[:IDENTIFIED_BY]->(i:Identifier) WHERE i.trait_state IS NOT NULL RETURN i.trait_state },
  joined: CASE r.ended_reason WHEN 'SELF_REFERRAL' THEN [inviting.type, brought.type] ELSE [] END,
  ring: CASE r.ended_reason WHEN 'CYCLE' THEN coalesce(head(COLLECT {
    MATCH way = (advocate)<-[:REFERRED*1..1000]-(top:Customer)
    WHERE top.id = id
    RETURN [one IN nodes(way) | one.id]
  }), []) ELSE [] END,
  invited_back: any(one IN COLLECT {
    MATCH (advocate)-[:IDENTIFIED_BY]->(:Identifier)<-[:INVITEE]-(back:Referral)
    MATCH (back)<-[:INVITED]-(:Identifier)<-[:IDENTIFIED_BY]-(inviter:Customer)
    RETURN [inviter.id, back.invited_at]
  } WHERE one[0] = id AND one[1] < r.accepted_at)} AS suspect
