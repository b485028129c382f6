// record_touchpoints($rows) -> write
UNWIND $asked.rows AS row
MATCH (i:Identifier {id: row.identifier})
USING INDEX SEEK i:Identifier(id)
CREATE (i)-[:HAD]->(:Touchpoint:TimelineEntry:Event {
  id: row.id, key: row.key, body_hash: row.body_hash, at: datetime(row.at), kind: 'TOUCHPOINT', channel: row.channel,
  timeline_key: row.timeline_key, kind_key: row.kind_key, type: row.type, campaign: row.campaign, session: row.session,
  duration_seconds: row.duration_seconds, url: row.url, sku: row.sku, properties: row.properties})
