// load_quintiles() -> one Quintiles
// Over all customers with orders; found through the index on revenue, which everyone has.
MATCH (c:Customer)
USING INDEX SEEK c:Customer(revenue, id)
WHERE c.revenue >= 0 AND c.id > '' AND c.orders > 0 AND c.last_purchase_at IS NOT NULL
WITH c.last_purchase_at.epochSeconds AS last, c.orders AS orders, c.revenue AS revenue
WITH count(*) AS customers,
  [percentileDisc(last, 0.2), percentileDisc(last, 0.4), percentileDisc(last, 0.6), percentileDisc(last, 0.8)] AS last,
  [percentileDisc(orders, 0.2), percentileDisc(orders, 0.4), percentileDisc(orders, 0.6), percentileDisc(orders, 0.8)] AS orders,
  [percentileDisc(revenue, 0.2), percentileDisc(revenue, 0.4), percentileDisc(revenue, 0.6), percentileDisc(revenue, 0.8)] AS revenue
WHERE customers > 0
RETURN {last_purchase_at: last, orders: orders, revenue: revenue} AS quintiles
