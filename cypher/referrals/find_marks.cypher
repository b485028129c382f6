// find_marks($limit) -> one Marks
// Whose networks are to be summed anew, by the ids that marks have and those of the customers now, and since when. The oldest come
// first: a celebrity who is marked again for each friend is summed once they all were.
MATCH (m:NetworkMark)
USING INDEX SEEK m:NetworkMark(at)
WHERE m.at >= datetime('1970-01-01T00:00:00Z')
WITH m ORDER BY m.at LIMIT $asked.limit
WITH m.customer AS id, min(m.at) AS at
OPTIONAL MATCH (named:Identifier {customer_id: id})<-[:IDENTIFIED_BY]-(c:Customer)
USING INDEX SEEK named:Identifier(customer_id)
RETURN {marked: collect(id), customers: collect(DISTINCT c.id), since: toString(min(at))} AS marks
