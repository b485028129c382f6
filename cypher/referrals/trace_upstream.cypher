// trace_upstream($customer_ids) -> many Chain
// Who brought each of these customers in, and who them, up to the root, or to the thousandth. The longest way up is the one: what a
// writer changes meanwhile makes it short, and nobody disappear.
UNWIND $asked.customer_ids AS asked
MATCH (named:Identifier {customer_id: asked})<-[:IDENTIFIED_BY]-(c:Customer)
USING INDEX SEEK named:Identifier(customer_id)
CALL (c) {
  // A path would be made for each step of the way, which takes a hundred times as long where that is a thousand.
  MATCH (c)<-[up:REFERRED*0..1000]-(top:Customer)
  WITH up, top
  ORDER BY size(up) DESC
  LIMIT 1
  RETURN up, EXISTS { (top)<-[:REFERRED]-() } AS truncated
}
WITH asked, c, truncated, [step IN up | [startNode(step).id, step.referral]] AS steps
RETURN {asked: asked, customer: c.id, steps: steps, truncated: truncated} AS chain
