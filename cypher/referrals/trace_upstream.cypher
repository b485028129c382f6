// trace_upstream($customer_ids) -> many Chain
// Who brought each of these customers in, and who them, up to the root, or to the thousandth. The longest way up is the one: what a
// writer changes meanwhile makes it short, and nobody disappear.
UNWIND $asked.customer_ids AS asked
MATCH (named:Identifier {customer_id: asked})<-[:IDENTIFIED_BY]-(c:Customer)
USING INDEX SEEK named:Identifier(customer_id)
CALL (c) {
  MATCH path = (c)<-[:REFERRED*0..1000]-(top:Customer)
  RETURN path, EXISTS { (top)<-[:REFERRED]-() } AS truncated
  ORDER BY length(path) DESC
  LIMIT 1
}
WITH asked, c, truncated, [step IN relationships(path) | [startNode(step).id, step.referral]] AS steps
RETURN {asked: asked, customer: c.id, steps: steps, truncated: truncated} AS chain
