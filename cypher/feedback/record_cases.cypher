// record_cases($rows) -> write
UNWIND $rows AS row
MATCH (i:Identifier {id: row.identifier})
MERGE (case:Thing {thing_key: row.thing_key})
ON CREATE SET case:Case:TimelineEntry:Event, case.id = row.id, case.key = row.key, case.body_hash = row.body_hash, case.body = row.body,
  case.number = row.number, case.source = row.source, case.kind = 'CASE'
SET case.at = datetime(row.at), case.opened_at = datetime(row.at), case.timeline_key = row.timeline_key, case.kind_key = row.kind_key,
  case.channel = row.channel, case.subject = row.subject, case.complaint = row.complaint, case.priority = row.priority,
  case.first_response_at = datetime(row.first_response_at), case.closed_at = datetime(row.closed_at),
  case.resolution = row.resolution, case.deflected = row.deflected
MERGE (i)-[:RAISED]->(case)
