// find_below($customer_ids, $root_ids) -> many Standing
// Where those of these customers stand who are below one of the roots, or are one: who brought them in, and who them, up to the first, or
// to the thousandth (why the longest way is the one: see trace_upstream). `astray`: what they accepted of others of these, and what brings
// nobody in, be it no more or never; of their own invitations only where they were somebody else a moment ago.
UNWIND $asked.customer_ids AS asked
MATCH (named:Identifier {customer_id: asked})<-[:IDENTIFIED_BY]-(c:Customer)
USING INDEX SEEK named:Identifier(customer_id)
CALL (c) {
  MATCH path = (c)<-[:REFERRED*0..1000]-(:Customer)
  RETURN path
  ORDER BY length(path) DESC
  LIMIT 1
}
WITH asked, c, [step IN relationships(path) | [startNode(step).id, step.referral]] AS steps
CALL (asked, c, steps) {
  MATCH (c)-[:IDENTIFIED_BY]->(:Identifier)<-[:BROUGHT]-(r:Referral)
  WHERE size(steps) = 0 OR r.id <> steps[0][1]
  // Apart, for one who accepts their own invitation comes and goes by the same edge.
  MATCH (r)<-[:INVITED]-(:Identifier)<-[:IDENTIFIED_BY]-(advocate:Customer)
  // Found by way of what was accepted, of which there is little, and then compared.
  WITH asked, c, r, advocate.id AS advocate
  WHERE advocate IN $asked.customer_ids AND (advocate <> c.id OR asked <> c.id)
  RETURN collect([advocate, r.id]) AS astray
}
WITH asked, c, steps, astray
WHERE asked IN $asked.root_ids OR c.id IN $asked.root_ids OR size(astray) > 0
  OR any(step IN steps WHERE step[0] IN $asked.root_ids)
RETURN {asked: asked, customer: c.id, steps: steps, astray: astray} AS standing
