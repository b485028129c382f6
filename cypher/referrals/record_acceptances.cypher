// record_acceptances($rows) -> write
// A friend accepted: the acceptance is kept as it was stated, and the referral now says whom it brought. A mark tells whose referrals
// are to be looked at.
UNWIND $asked.rows AS row
MATCH (r:Referral:TimelineEntry {id: row.referral})
USING INDEX SEEK r:TimelineEntry(id)
MATCH (friend:Identifier {id: row.friend})
USING INDEX SEEK friend:Identifier(id)
SET r.accepted_at = datetime(row.at), r.lapsed_at = datetime(row.lapsed_at), r.referral_status = 'ACCEPTED'
CREATE (r)-[:BROUGHT]->(friend)
WITH r, row, friend
CALL (friend) { MATCH (friend)<-[:IDENTIFIED_BY]-(c:Customer) CREATE (:SuspicionMark {customer: c.id, at: datetime()}) }
WITH r, row
MERGE (s:Event {key: row.key})
ON CREATE SET s:Statement, s.body_hash = row.body_hash, s.thing_key = row.thing_key, s.at = datetime(row.at), s.body = row.body
MERGE (s)-[:ABOUT]->(r)
