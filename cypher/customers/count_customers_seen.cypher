// count_customers_seen($until) -> one int
// How many customers were seen for the first time before a time.
MATCH (c:Customer)
USING INDEX SEEK c:Customer(first_seen_at, id)
WHERE c.first_seen_at < datetime($asked.until) AND c.id > ''
RETURN count(c) AS customers
