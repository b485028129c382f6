// record_communications($rows) -> write
// Messages heard of for the first time.
UNWIND $asked.rows AS row
MATCH (i:Identifier {id: row.identifier})
USING INDEX SEEK i:Identifier(id)
CREATE (i)-[:WAS_SENT]->(message:Communication:Thing:TimelineEntry:Event {
  id: row.id, key: row.key, body_hash: row.body_hash, body: row.body, thing_key: row.thing_key, kind: 'COMMUNICATION',
  message: row.number, source: row.source, at: datetime(row.at), timeline_key: row.timeline_key, kind_key: row.kind_key,
  channel: row.channel, communication_status: row.communication_status, purpose: row.purpose, campaign: row.campaign,
  offer: row.offer, planned_at: datetime(row.planned_at), sent_at: datetime(row.sent_at)})
WITH message, row
MATCH (campaign:Campaign {key: row.campaign})
USING INDEX SEEK campaign:Campaign(key)
CREATE (message)-[:FOR]->(campaign)
