// record_cases($rows) -> write
// Cases heard of for the first time.
UNWIND $asked.rows AS row
MATCH (i:Identifier {id: row.identifier})
USING INDEX SEEK i:Identifier(id)
CREATE (i)-[:RAISED]->(:Case:Thing:TimelineEntry:Event {
  id: row.id, key: row.key, body_hash: row.body_hash, body: row.body, thing_key: row.thing_key, kind: 'CASE', number: row.number,
  source: row.source, at: datetime(row.at), opened_at: datetime(row.at), timeline_key: row.timeline_key, kind_key: row.kind_key,
  channel: row.channel, subject: row.subject, complaint: row.complaint, priority: row.priority,
  first_response_at: datetime(row.first_response_at), closed_at: datetime(row.closed_at), resolution: row.resolution,
  deflected: row.deflected})
