// find_between($one, $other, $limit) -> many str
// Accepted referrals of which one of two customers is the advocate, and the other one the friend, the earliest first.
UNWIND [[$asked.one, $asked.other], [$asked.other, $asked.one]] AS pair
MATCH (friend:Customer {id: pair[1]})-[:IDENTIFIED_BY]->(:Identifier)<-[:BROUGHT]-(r:Referral)
USING INDEX SEEK friend:Customer(id)
WHERE pair[0] IN COLLECT { MATCH (r)<-[:INVITED]-(:Identifier)<-[:IDENTIFIED_BY]-(advocate:Customer) RETURN advocate.id }
WITH DISTINCT r
ORDER BY r.accepted_at, r.id
LIMIT $asked.limit
RETURN r.id AS referral
