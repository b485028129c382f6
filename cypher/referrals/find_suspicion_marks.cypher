// find_suspicion_marks($limit) -> one Marks
// Whose referrals are to be looked at, by the ids that marks have and those of the customers now, and since when; the oldest first.
MATCH (m:SuspicionMark)
USING INDEX SEEK m:SuspicionMark(at)
WHERE m.at >= datetime('1970-01-01T00:00:00Z')
WITH m ORDER BY m.at LIMIT $asked.limit
WITH m.customer AS id, min(m.at) AS at
OPTIONAL MATCH (named:Identifier {customer_id: id})<-[:IDENTIFIED_BY]-(c:Customer)
USING INDEX SEEK named:Identifier(customer_id)
RETURN {marked: collect(id), customers: collect(DISTINCT c.id), since: toString(min(at))} AS marks
