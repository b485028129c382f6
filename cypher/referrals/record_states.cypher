// record_states($rows) -> write
UNWIND $asked.rows AS row
MATCH (r:Referral:TimelineEntry {id: row.referral})
USING INDEX SEEK r:TimelineEntry(id)
SET r.referral_status = row.status, r.ended_at = datetime(row.ended_at), r.ended_reason = row.ended_reason,
  r.qualified_at = datetime(row.qualified_at), r.qualified_by = row.qualified_by
WITH r
MATCH (r)-[:BROUGHT]->(:Identifier)<-[:IDENTIFIED_BY]-(:Customer)<-[pointer:REFERRED]-(:Customer)
WHERE pointer.referral = r.id
SET pointer.converted = CASE WHEN r.qualified_at IS NOT NULL AND r.referral_status <> 'REVERSED' THEN 1 ELSE 0 END
