// record_communications($rows) -> write
UNWIND $rows AS row
MATCH (i:Identifier {id: row.identifier})
MERGE (message:Thing {thing_key: row.thing_key})
ON CREATE SET message:Communication:TimelineEntry:Event, message.id = row.id, message.key = row.key, message.body_hash = row.body_hash,
  message.body = row.body, message.message = row.number, message.source = row.source, message.kind = 'COMMUNICATION'
SET message.at = datetime(row.at), message.timeline_key = row.timeline_key, message.kind_key = row.kind_key, message.channel = row.channel,
  message.communication_status = row.communication_status, message.purpose = row.purpose, message.campaign = row.campaign,
  message.offer = row.offer, message.planned_at = datetime(row.planned_at), message.sent_at = datetime(row.sent_at)
MERGE (i)-[:WAS_SENT]->(message)
WITH message
WHERE message.campaign IS NOT NULL
MATCH (campaign:Campaign {key: message.campaign})
MERGE (message)-[:FOR]->(campaign)
