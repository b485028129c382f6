// find_trees($customer_ids) -> one
// The trees that these customers, and the advocates whom their acceptances name, stand in: each member with who would be above the
// root but for a ring, and everyone from the member up to the root, any of whom may be the one at whom a new ring is broken. All the
// way up, as in find_pointers.
UNWIND $asked.customer_ids AS id
MATCH (c:Customer {id: id})
USING INDEX SEEK c:Customer(id)
CALL (c) {
  RETURN c AS member
  UNION
  MATCH (c)-[:IDENTIFIED_BY]->(:Identifier)<-[:BROUGHT]-(r:Referral)
  MATCH (r)<-[:INVITED]-(:Identifier)<-[:IDENTIFIED_BY]-(member:Customer)
  RETURN member
}
WITH DISTINCT member
MATCH (member)<-[up:REFERRED*0..1000000]-(root:Customer)
WHERE NOT EXISTS { (root)<-[:REFERRED]-() }
OPTIONAL MATCH (root)<-[:RING_CLOSED]-(closing:Customer)
WITH member, up, root, closing
ORDER BY member.id, root.id, closing.id
RETURN collect([member.id, closing.id] + [each IN up | startNode(each).id]) AS trees
