// load_places($ids, $order) -> many CustomerRow
// Where customers that were found another way stand in an order.
UNWIND $asked.ids AS id
MATCH (c:Customer {id: id})
USING INDEX SEEK c:Customer(id)
RETURN {id: c.id, key: CASE $asked.order
  WHEN 'last_seen' THEN coalesce(c.last_seen_at.epochSeconds * 1000000000 + c.last_seen_at.nanosecond, 0)
  WHEN 'first_seen' THEN coalesce(c.first_seen_at.epochSeconds * 1000000000 + c.first_seen_at.nanosecond, 0)
  WHEN 'revenue' THEN coalesce(c.revenue, 0)
  ELSE coalesce(c.name_key, '')
END} AS customer
