// record_flags($rows) -> write
// Why referrals are suspicious, as JSON; nothing where they aren't.
UNWIND $asked.rows AS row
MATCH (r:Referral:TimelineEntry {id: row[0]})
USING INDEX SEEK r:TimelineEntry(id)
SET r.flags = row[1]
