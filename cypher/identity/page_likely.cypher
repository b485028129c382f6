// page_likely($after, $limit) -> many LikelyRow
// What customers are compared by who may be one; in order of id, without those who were erased.
MATCH (c:Customer)
USING INDEX SEEK c:Customer(id)
WHERE c.id > $asked.after AND c.erased_at IS NULL
WITH c ORDER BY c.id LIMIT $asked.limit
RETURN c {.id, .name, .birth_date, .addresses} AS likely
