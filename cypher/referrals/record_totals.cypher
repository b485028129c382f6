// record_totals($ids, $weights) -> write
// What the networks of these customers come to, by what the networks of those come to whom they brought in; where that is something
// else than before a mark tells whoever brought them in. Only lists are ordered by the revenue, which is weighed as that of
// customers is. Who brought in nobody has none of these.
WITH COLLECT {
  CALL db.propertyKeys() YIELD propertyKey WHERE propertyKey STARTS WITH 'net_'
  RETURN substring(propertyKey, 4)
} AS names
UNWIND $asked.ids AS id
MATCH (c:Customer {id: id})
USING INDEX SEEK c:Customer(id)
CALL (c) {
  MATCH (c)-[r:REFERRED]->(friend:Customer)
  RETURN count(r) AS brought, sum(r.converted) AS converted, sum(1 + coalesce(friend.network_size, 0)) AS size,
    max(1 + coalesce(friend.network_depth, 0)) AS depth
}
CALL (c, names) {
  UNWIND names AS name
  MATCH (c)-[r:REFERRED]->(friend:Customer)
  WITH name, sum(coalesce(r['net_' + name], 0) + coalesce(friend['below_' + name], 0)) AS net
  RETURN collect([name, net]) AS nets
}
WITH c, brought, converted, size, depth, nets + [name IN keys(c) WHERE name STARTS WITH 'below_' AND brought = 0 | [substring(name, 6), 0]] AS nets
WHERE coalesce(c.brought, 0) <> brought OR coalesce(c.converted, 0) <> converted OR coalesce(c.network_size, 0) <> size
  OR coalesce(c.network_depth, 0) <> coalesce(depth, 0) OR any(net IN nets WHERE coalesce(c['below_' + net[0]], 0) <> net[1])
SET c.brought = nullif(brought, 0), c.network_size = nullif(size, 0), c.network_depth = depth,
  c.converted = CASE WHEN brought > 0 THEN converted END,
  c.network_revenue = CASE WHEN brought > 0 THEN toInteger(reduce(sum = 0.0, net IN nets | sum + net[1] * coalesce($asked.weights[net[0]], 0.0))) END
FOREACH (net IN nets | SET c['below_' + net[0]] = nullif(net[1], 0))
WITH c
MATCH (c)<-[:REFERRED]-(advocate:Customer)
CREATE (:NetworkMark {customer: advocate.id, at: datetime()})
