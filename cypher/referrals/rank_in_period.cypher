// rank_in_period($order, $since, $until, $since_key, $until_key, $weights, $key, $id, $limit) -> many AdvocateRow
// Advocates by what happened below them between two times: acceptances, and what everyone below bought, less refunds. Those behind
// a place in the order, or all.
CALL () {
  MATCH (direct:Customer)-[r:REFERRED]->(:Customer)
  USING INDEX SEEK r:REFERRED(at)
  WHERE r.at >= datetime($asked.since) AND r.at < datetime($asked.until)
  WITH direct, count(r) AS accepted, sum(r.converted) AS converted
  MATCH (direct)<-[up:REFERRED*0..1000000]-(advocate:Customer)
  RETURN advocate, accepted AS size, CASE size(up) WHEN 0 THEN accepted ELSE 0 END AS accepted,
    CASE size(up) WHEN 0 THEN converted ELSE 0 END AS converted, null AS currency, 0 AS net
  UNION ALL
  MATCH (p:Purchase)
  USING INDEX SEEK p:Purchase(at)
  WHERE p.at >= datetime($asked.since) AND p.at < datetime($asked.until) AND p.purchase_status <> 'CANCELLED' AND p.total IS NOT NULL
  MATCH (p)<-[:MADE]-(:Identifier)<-[:IDENTIFIED_BY]-(friend:Customer)
  WITH friend, p.currency AS currency, sum(p.total - coalesce(p.refunded, 0)) AS net
  MATCH (friend)<-[:REFERRED*1..1000000]-(advocate:Customer)
  RETURN advocate, 0 AS size, 0 AS accepted, 0 AS converted, currency, net
}
WITH advocate, currency, sum(size) AS size, sum(accepted) AS accepted, sum(converted) AS converted, sum(net) AS net
WITH advocate, sum(size) AS size, sum(accepted) AS accepted, sum(converted) AS converted,
  collect(CASE WHEN net <> 0 THEN [currency, net] END) AS net
WHERE size > 0 OR size(net) > 0
WITH advocate, size, accepted, converted, net, CASE $asked.order
  WHEN 'converted' THEN converted
  WHEN 'network_size' THEN size
  ELSE toInteger(reduce(sum = 0.0, one IN net | sum + one[1] * coalesce($asked.weights[one[0]], 0.0)))
END AS key
WHERE key < $asked.key OR (key = $asked.key AND advocate.id < $asked.id)
WITH advocate, size, accepted, converted, net, key
ORDER BY key DESC, advocate.id DESC
LIMIT $asked.limit
RETURN {customer: advocate.id, key: key, accepted: accepted, converted: converted, network_size: size, net: net, invited: COUNT {
  MATCH (advocate)-[:IDENTIFIED_BY]->(i:Identifier)
  MATCH (t:TimelineEntry)
  USING INDEX SEEK t:TimelineEntry(kind_key)
  WHERE t.kind_key >= i.id + '/REFERRAL/' + $asked.since_key AND t.kind_key < i.id + '/REFERRAL/' + $asked.until_key
}} AS advocate
