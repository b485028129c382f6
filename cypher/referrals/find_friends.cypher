// find_friends($identifiers) -> one
// Whom these identifiers brought in: once they are another customer's, so may be the referrer.
UNWIND $asked.identifiers AS id
MATCH (i:Identifier {id: id})-[:INVITED]->(:Referral)-[:BROUGHT]->(:Identifier)<-[:IDENTIFIED_BY]-(friend:Customer)
USING INDEX SEEK i:Identifier(id)
RETURN collect(DISTINCT friend.id) AS friends
