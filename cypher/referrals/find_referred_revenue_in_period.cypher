// find_referred_revenue_in_period($since, $until) -> one
// What everyone who was brought in bought between two times, less refunds, by currency.
MATCH (p:Purchase)
USING INDEX SEEK p:Purchase(at)
WHERE p.at >= datetime($asked.since) AND p.at < datetime($asked.until) AND p.purchase_status <> 'CANCELLED' AND p.total IS NOT NULL
WITH p
MATCH (p)<-[:MADE]-(:Identifier)<-[:IDENTIFIED_BY]-(friend:Customer)
WITH friend, p.currency AS currency, sum(p.total - coalesce(p.refunded, 0)) AS net
WHERE EXISTS { (friend)<-[:REFERRED]-() }
WITH currency, sum(net) AS net
RETURN collect([currency, net]) AS nets
