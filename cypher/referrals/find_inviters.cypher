// find_inviters($customer_ids) -> many Invited
// Who invited these customers first, with when: an address was invited, or a code accepted. The first hundred of them.
UNWIND $asked.customer_ids AS id
MATCH (c:Customer {id: id})
USING INDEX SEEK c:Customer(id)
CALL (c) {
  MATCH (c)-[:IDENTIFIED_BY]->(:Identifier)<-[how:INVITEE|BROUGHT]-(r:Referral)
  MATCH (r)<-[:INVITED]-(:Identifier)<-[:IDENTIFIED_BY]-(inviter:Customer)
  WITH inviter.id AS inviter, CASE type(how) WHEN 'INVITEE' THEN r.invited_at ELSE r.accepted_at END AS stated
  WITH inviter, min(stated) AS at
  ORDER BY at, inviter LIMIT 100
  RETURN collect([inviter, toString(at)]) AS inviters
}
RETURN {customer: id, inviters: inviters} AS invited
