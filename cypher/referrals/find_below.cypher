// find_below($customer_ids, $root_ids) -> many Standing
// Where those of these customers stand who are below one of the roots, or are one: who brought them in, and who them, up to the highest of
// the roots. `astray`: what they accepted of others of these, and what brings nobody in, be it no more or never; of their own
// invitations only where they were somebody else a moment ago. A writer may cut the way meanwhile; what it changed is asked about next.
UNWIND $asked.customer_ids AS asked
MATCH (named:Identifier {customer_id: asked})<-[:IDENTIFIED_BY]-(c:Customer)
USING INDEX SEEK named:Identifier(customer_id)
CALL (c) {
  // A path would be made for each step of the way, which takes a hundred times as long where that is a thousand.
  MATCH (c)<-[up:REFERRED*0..1000]-(top:Customer)
  WITH up, top.id AS top
  WHERE top IN $asked.root_ids
  WITH up
  ORDER BY size(up) DESC
  LIMIT 1
  RETURN head(collect(up)) AS up
}
CALL (asked, c) {
  MATCH (c)-[:IDENTIFIED_BY]->(:Identifier)<-[:BROUGHT]-(r:Referral)
  WHERE NOT EXISTS { (c)<-[brings:REFERRED]-(:Customer) WHERE brings.referral = r.id }
  // Apart, for one who accepts their own invitation comes and goes by the same edge.
  MATCH (r)<-[:INVITED]-(:Identifier)<-[:IDENTIFIED_BY]-(advocate:Customer)
  // Found by way of what was accepted, of which there is little, and then compared.
  WITH asked, c, r, advocate.id AS advocate
  WHERE advocate IN $asked.customer_ids AND (advocate <> c.id OR asked <> c.id)
  RETURN collect([advocate, r.id]) AS astray
}
WITH asked, c, up, astray
WHERE up IS NOT NULL OR asked IN $asked.root_ids OR size(astray) > 0
RETURN {asked: asked, customer: c.id, steps: [step IN coalesce(up, []) | [startNode(step).id, step.referral]], astray: astray} AS standing
