// record_consents($rows) -> write
UNWIND $asked.rows AS row
MATCH (i:Identifier {id: row.identifier})
USING INDEX SEEK i:Identifier(id)
CREATE (i)-[:GAVE]->(:Consent:Event {
  id: row.id, key: row.key, body_hash: row.body_hash, at: datetime(row.at), source: row.source, purpose: row.purpose,
  channel: row.channel, consent_status: row.consent_status, expires_at: datetime(row.expires_at)})
