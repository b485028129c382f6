// count_customers() -> one int
// From the count store: it costs the same for any number.
MATCH (c:Customer)
RETURN count(c) AS customers
