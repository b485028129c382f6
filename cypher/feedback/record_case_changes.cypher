// record_case_changes($rows) -> write
// Cases as all that was said of them makes them now.
UNWIND $asked.rows AS row
MATCH (case:Thing {thing_key: row.thing_key})
USING INDEX SEEK case:Thing(thing_key)
SET case.at = datetime(row.at), case.opened_at = datetime(row.at), case.timeline_key = row.timeline_key, case.kind_key = row.kind_key,
  case.channel = row.channel, case.subject = row.subject, case.complaint = row.complaint, case.priority = row.priority,
  case.first_response_at = datetime(row.first_response_at), case.closed_at = datetime(row.closed_at),
  case.resolution = row.resolution, case.deflected = row.deflected
