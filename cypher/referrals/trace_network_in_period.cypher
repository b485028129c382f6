// trace_network_in_period($customer_id, $generations, $since, $until, $since_key, $until_key) -> many GenerationInPeriod
// Of so many generations below a customer: who accepted between two times, how many of those converted, and what all of them bought
// in that time, less what was paid back of it. The times stand twice, once as keys have them. In no order.
MATCH (named:Identifier {customer_id: $asked.customer_id})<-[:IDENTIFIED_BY]-(c:Customer)
USING INDEX SEEK named:Identifier(customer_id)
MATCH way = (c)-[:REFERRED*1..1000]->(friend:Customer)
WHERE length(way) <= $asked.generations
WITH length(way) AS generation, last(relationships(way)) AS r, friend, datetime($asked.since) AS since, datetime($asked.until) AS until
WITH generation, r.at >= since AND r.at < until AS within, r.converted AS converted, COLLECT {
  MATCH (friend)-[:IDENTIFIED_BY]->(i:Identifier)
  MATCH (p:TimelineEntry)
  USING INDEX SEEK p:TimelineEntry(kind_key)
  WHERE p.kind_key >= i.id + '/PURCHASE/' + $asked.since_key AND p.kind_key < i.id + '/PURCHASE/' + $asked.until_key
    AND p.purchase_status <> 'CANCELLED' AND p.total IS NOT NULL
  RETURN [p.currency, p.total - coalesce(p.refunded, 0)]
} AS bought
WITH generation, sum(CASE WHEN within THEN 1 ELSE 0 END) AS customers, sum(CASE WHEN within THEN converted ELSE 0 END) AS converted,
  collect(CASE WHEN bought <> [] THEN bought END) AS purchases
CALL (purchases) {
  UNWIND purchases AS bought
  UNWIND bought AS purchase
  WITH purchase[0] AS currency, sum(purchase[1]) AS net
  RETURN collect([currency, net]) AS net
}
RETURN {depth: generation, customers: customers, converted: converted, net: net} AS generation
