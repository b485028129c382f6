// find_marks($limit) -> one Marks
// Whose networks are to be summed anew, by the ids that marks have and those of the customers now, and since when.
MATCH (m:NetworkMark)
USING INDEX SEEK m:NetworkMark(customer)
WHERE m.customer >= ''
WITH m LIMIT $asked.limit
WITH m.customer AS id, min(m.at) AS at
OPTIONAL MATCH (named:Identifier {customer_id: id})<-[:IDENTIFIED_BY]-(c:Customer)
USING INDEX SEEK named:Identifier(customer_id)
RETURN {marked: collect(id), customers: collect(DISTINCT c.id), since: toString(min(at))} AS marks
