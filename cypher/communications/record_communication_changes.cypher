// record_communication_changes($rows) -> write
// Messages as all that was said of them makes them now.
UNWIND $asked.rows AS row
MATCH (message:Thing {thing_key: row.thing_key})
USING INDEX SEEK message:Thing(thing_key)
SET message.at = datetime(row.at), message.timeline_key = row.timeline_key, message.kind_key = row.kind_key,
  message.channel = row.channel, message.communication_status = row.communication_status, message.purpose = row.purpose,
  message.campaign = row.campaign, message.offer = row.offer, message.planned_at = datetime(row.planned_at),
  message.sent_at = datetime(row.sent_at)
WITH message, row
CALL (message, row) {
  MATCH (message)-[old:FOR]->(other)
  WHERE other.key <> row.campaign
  DELETE old
}
MATCH (campaign:Campaign {key: row.campaign})
USING INDEX SEEK campaign:Campaign(key)
MERGE (message)-[:FOR]->(campaign)
