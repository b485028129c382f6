// find_place($root, $member) -> one Place
// The way from a customer down to a member of its network: for each step the advocate, the key at which the next one stands among
// those whom that one brought in, and the referral. No row where it isn't one.
MATCH (named:Identifier {customer_id: $asked.root})<-[:IDENTIFIED_BY]-(root:Customer)
USING INDEX SEEK named:Identifier(customer_id)
CALL (root) {
  MATCH way = (member:Customer {id: $asked.member})<-[:REFERRED*1..1000]-(advocate:Customer)
  USING INDEX SEEK member:Customer(id)
  WHERE advocate.id = root.id
  RETURN [r IN reverse(relationships(way)) | [startNode(r).id, r.member_key, r.referral]] AS steps
  LIMIT 1
}
RETURN {steps: steps} AS place
