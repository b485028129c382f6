// record_statuses($rows) -> write
UNWIND $asked.rows AS row
MATCH (r:Referral:TimelineEntry {id: row.referral})
USING INDEX SEEK r:TimelineEntry(id)
SET r.referral_status = row.status, r.ended_reason = row.reason, r.ended_at = CASE WHEN row.reason IS NULL THEN null ELSE r.accepted_at END
