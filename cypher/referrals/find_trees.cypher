// find_trees($customer_ids) -> one
// The trees that these customers, and the advocates whom their acceptances name, stand in: each member with its root, and who
// would be above the root but for a ring. All the way up, as in find_pointers.
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
MATCH (member)<-[:REFERRED*0..1000000]-(root:Customer)
WHERE NOT EXISTS { (root)<-[:REFERRED]-() }
OPTIONAL MATCH (root)<-[:RING_CLOSED]-(closing:Customer)
WITH member, root, closing
ORDER BY member.id, root.id, closing.id
RETURN collect([member.id, root.id, closing.id]) AS trees
