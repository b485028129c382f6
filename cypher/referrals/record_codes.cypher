// record_codes($rows) -> write
// Standing codes: whoever accepts with one is another referral.
UNWIND $asked.rows AS row
MATCH (i:Identifier {id: row.advocate})
USING INDEX SEEK i:Identifier(id)
CREATE (i)-[:OFFERS]->(:ReferralCode:Event {
  id: row.id, code: row.code, code_key: row.code_key, key: row.key, body_hash: row.body_hash, created_at: datetime(row.at),
  expires_at: datetime(row.expires_at), campaign: row.campaign, channel: row.channel})
