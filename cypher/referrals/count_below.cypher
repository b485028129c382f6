// count_below($root_id, $depth, $cap) -> one Extent
// How many are at most so many steps below a customer, and what their versions come to: both are other when something happened there.
// `whole`: whether all were seen; after so many no more are walked to.
MATCH (named:Identifier {customer_id: $asked.root_id})<-[:IDENTIFIED_BY]-(root:Customer)
USING INDEX SEEK named:Identifier(customer_id)
CALL (root) {
  MATCH (root)-[down:REFERRED*1..1000]->(member:Customer)
  WITH member, size(down) <= $asked.depth AS meant
  LIMIT $asked.cap
  RETURN count(*) AS walked, sum(CASE WHEN meant THEN 1 ELSE 0 END) AS members,
    sum(CASE WHEN meant THEN member.version ELSE 0 END) AS versions
}
RETURN {root: root.id, members: members, versions: versions, whole: walked < $asked.cap} AS extent
