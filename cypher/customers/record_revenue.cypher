// record_revenue($ids, $weights) -> write
// Revenue and refunds by currency; `revenue` weighs them into the reporting currency, and only orders lists. What is left of them
// stands also on the edge that leads here in the forest of referrals: networks are summed by their edges.
UNWIND $asked.ids AS id
MATCH (c:Customer {id: id})
USING INDEX SEEK c:Customer(id)
CALL (c) {
  MATCH (c)-[:IDENTIFIED_BY]->(i:Identifier)
  UNWIND [name IN keys(i) WHERE name STARTS WITH 'revenue_' OR name STARTS WITH 'refunds_'] AS name
  WITH name, sum(i[name]) AS total
  RETURN collect([name, total]) AS sums
}
FOREACH (pair IN sums | SET c[pair[0]] = pair[1])
SET c.revenue = toInteger(reduce(total = 0.0, pair IN [pair IN sums WHERE pair[0] STARTS WITH 'revenue_'] |
  total + pair[1] * coalesce($asked.weights[substring(pair[0], 8)], 0.0)))
WITH c, [pair IN sums WHERE pair[0] STARTS WITH 'revenue_' | substring(pair[0], 8)] AS names
MATCH (c)<-[pointer:REFERRED]-(:Customer)
FOREACH (name IN names | SET pointer['net_' + name] = c['revenue_' + name] - coalesce(c['refunds_' + name], 0))
