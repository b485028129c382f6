// page_merges($customer_id, $at, $id, $limit) -> many Merge
// Merges that a customer, named by any id that one of its identifiers was given, has to do with, newest first; from one on, or all.
MATCH (named:Identifier {customer_id: $asked.customer_id})<-[:IDENTIFIED_BY]-(c:Customer)
USING INDEX SEEK named:Identifier(customer_id)
MATCH (c)-[:IDENTIFIED_BY]->(:Identifier)<-[:KEPT|ABSORBED]-(m:Merge)
WITH DISTINCT m
WHERE $asked.id IS NULL OR m.merged_at < datetime($asked.at) OR (m.merged_at = datetime($asked.at) AND m.id <= $asked.id)
ORDER BY m.merged_at DESC, m.id DESC
LIMIT $asked.limit
RETURN m {.id, .kept_id, .absorbed_id, .evidence, .actor, merged_at: toString(m.merged_at), undone_at: toString(m.undone_at)} AS merge
