// find_acceptance_ground($code, $id, $type, $value) -> one AcceptanceGround
// What has to be known before a friend, named by an id or an identifier, accepts with a code: whose it is and until when; of the
// friend, whether somebody brought them in, or would have but for a ring, whether they bought anything, whether they stand above
// the advocate, and whether a review rejected the two. An invitation that nobody accepted yet goes ahead of a standing code, and
// one to this very friend ahead of others, as they do at the door.
WITH coalesce(head(COLLECT {
  MATCH (named:Identifier {customer_id: $asked.id})<-[:IDENTIFIED_BY]-(c:Customer)
  USING INDEX SEEK named:Identifier(customer_id)
  RETURN {id: c.id, named: named.id, orders: c.orders, referred: EXISTS { (c)<-[:REFERRED]-() }, closed: EXISTS { (c)<-[:RING_CLOSED]-() }}
}), head(COLLECT {
  MATCH (named:Identifier {type: $asked.type, value: $asked.value})<-[:IDENTIFIED_BY]-(c:Customer)
  USING INDEX SEEK named:Identifier(type, value)
  RETURN {id: c.id, named: named.id, orders: c.orders, referred: EXISTS { (c)<-[:REFERRED]-() }, closed: EXISTS { (c)<-[:RING_CLOSED]-() }}
})) AS friend, head(COLLECT {
  MATCH (s:ReferralCode {code: $asked.code})<-[:OFFERS]-(:Identifier)<-[:IDENTIFIED_BY]-(c:Customer)
  USING INDEX SEEK s:ReferralCode(code)
  RETURN {advocate: c.id, erased: c.erased_at IS NOT NULL, expires_at: s.expires_at}
}) AS standing
WITH friend, standing, head(COLLECT {
  MATCH (r:Referral {code: $asked.code})<-[:INVITED]-(:Identifier)<-[:IDENTIFIED_BY]-(c:Customer)
  USING INDEX SEEK r:Referral(code)
  OPTIONAL MATCH (r)-[:INVITEE]->(invitee:Identifier)
  RETURN {advocate: c.id, erased: c.erased_at IS NOT NULL, expires_at: r.expires_at, open: r.accepted_at IS NULL}
  ORDER BY r.accepted_at IS NOT NULL, NOT coalesce(invitee.id = friend.named, false), invitee IS NOT NULL, r.invited_at, r.id
  LIMIT 1
}) AS invitation
WITH CASE WHEN invitation.open THEN invitation ELSE coalesce(standing, invitation) END AS code, friend
RETURN {advocate: code.advocate, advocate_erased: coalesce(code.erased, false), expires_at: toString(code.expires_at),
  friend: friend.id, orders: coalesce(friend.orders, 0), referred: coalesce(friend.referred, false),
  ring_closed: coalesce(friend.closed, false),
  rejected: coalesce(code.advocate IN COLLECT {
    MATCH (one:Customer {id: friend.id})-[:IDENTIFIED_BY]->(:Identifier)<-[:BROUGHT]-(r:Referral)
    USING INDEX SEEK one:Customer(id)
    WHERE NOT r.approved
    MATCH (r)<-[:INVITED]-(:Identifier)<-[:IDENTIFIED_BY]-(advocate:Customer)
    RETURN advocate.id
  }, false),
  above: coalesce(friend.id IN COLLECT {
    MATCH (advocate:Customer {id: code.advocate})<-[:REFERRED*1..1000]-(one:Customer)
    USING INDEX SEEK advocate:Customer(id)
    RETURN one.id
  }, false)} AS ground
