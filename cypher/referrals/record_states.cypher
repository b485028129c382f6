// record_states($rows) -> write
// How far referrals have come. Where that makes a convert of who stands in a network, or none any more, a mark tells whose. Another
// mark tells whose referrals are to be looked at.
UNWIND $asked.rows AS row
MATCH (r:Referral:TimelineEntry {id: row.referral})
USING INDEX SEEK r:TimelineEntry(id)
SET r.referral_status = row.status, r.ended_at = datetime(row.ended_at), r.ended_reason = row.ended_reason,
  r.qualified_at = datetime(row.qualified_at), r.qualified_by = row.qualified_by
WITH row, r
CALL (r) {
  MATCH (r)-[:BROUGHT]->(:Identifier)<-[:IDENTIFIED_BY]-(friend:Customer)
  CREATE (:SuspicionMark {customer: friend.id, at: datetime()})
}
WITH r, CASE WHEN row.qualified_at IS NOT NULL AND row.status <> 'REVERSED' THEN 1 ELSE 0 END AS converted
CALL (r, converted) {
  MATCH (r)-[:BROUGHT]->(:Identifier)<-[:IDENTIFIED_BY]-(:Customer)<-[pointer:REFERRED]-(advocate:Customer)
  WHERE pointer.referral = r.id AND pointer.converted <> converted
  SET pointer.converted = converted
  CREATE (:NetworkMark {customer: advocate.id, at: datetime()})
}
