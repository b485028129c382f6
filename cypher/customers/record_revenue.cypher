// record_revenue($ids, $weights) -> write
// Revenue and refunds by currency; `revenue` weighs them into the reporting currency, and only orders lists. What is left of them
// stands also on the edge that leads here in the forest of referrals: networks are summed by their edges. A mark tells whose network
// is to be summed anew.
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
WITH c, [pair IN sums WHERE pair[0] STARTS WITH 'revenue_' |
  ['net_' + substring(pair[0], 8), pair[1] - coalesce(c['refunds_' + substring(pair[0], 8)], 0)]] AS nets
CALL (c, nets) {
  MATCH (c)<-[pointer:REFERRED]-(advocate:Customer)
  WHERE any(net IN nets WHERE coalesce(pointer[net[0]], 0) <> net[1])
  FOREACH (net IN nets | SET pointer[net[0]] = net[1])
  CREATE (:NetworkMark {customer: advocate.id, at: datetime()})
}
