// record_reviews($rows) -> write
// What somebody said of a referral is kept as it was stated; of several the newest counts.
UNWIND $asked.rows AS row
MATCH (r:Referral:TimelineEntry {id: row.referral})
USING INDEX SEEK r:TimelineEntry(id)
CREATE (s:Statement:Event {key: row.key, body_hash: row.body_hash, thing_key: row.thing_key, at: datetime(row.at), body: row.body})-[:ABOUT]->(r)
WITH r, row
ORDER BY row.order
WITH r, collect(row) AS rows
WITH r, last(rows) AS newest
WHERE newest.order > coalesce(r.review_order, '')
SET r.review_order = newest.order, r.approved = newest.approve, r.reviewed_at = datetime(newest.at), r.review_reason = newest.reason
