// record_revenue($ids, $weights) -> write
// Revenue and refunds by currency; `revenue` weighs them into the reporting currency, and only orders lists. What is left of them
// stands also on the edge that leads here in the forest of referrals: networks are summed by their edges. A mark tells whose network
// is to be summed anew.
UNWIND $asked.ids AS id
MATCH (c:Customer {id: id})
USING INDEX SEEK c:Customer(id)
CALL (c) {
  CALL (c) {
    MATCH (c)-[:IDENTIFIED_BY]->(i:Identifier)
    UNWIND [name IN keys(i) WHERE name STARTS WITH 'revenue_' OR name STARTS WITH 'refunds_'] AS name
    RETURN name, i[name] AS amount
    UNION ALL
    // What it had by identifiers that are somebody else's now.
    UNWIND [name IN keys(c) WHERE name STARTS WITH 'revenue_' OR name STARTS WITH 'refunds_'] AS name
    RETURN name, null AS amount
  }
  WITH name, sum(amount) AS total, count(amount) AS amounts
  RETURN collect([name, total, amounts]) AS sums
}
FOREACH (pair IN sums | SET c[pair[0]] = CASE WHEN pair[2] > 0 THEN pair[1] END)
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
