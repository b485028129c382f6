// find_suspicion_marks($limit) -> one Marks
// Whose referrals are to be looked at, by the ids that marks have and those of the customers now, and since when.
MATCH (m:SuspicionMark)
USING INDEX SEEK m:SuspicionMark(customer)
WHERE m.customer >= ''
WITH m LIMIT $asked.limit
WITH m.customer AS id, min(m.at) AS at
OPTIONAL MATCH (named:Identifier {customer_id: id})<-[:IDENTIFIED_BY]-(c:Customer)
USING INDEX SEEK named:Identifier(customer_id)
RETURN {marked: collect(id), customers: collect(DISTINCT c.id), since: toString(min(at))} AS marks
