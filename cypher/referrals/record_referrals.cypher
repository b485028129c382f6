// record_referrals($rows) -> write
// Who invites whoever brought them in, be it later than that came in, leaves a mark: it is to be looked at.
UNWIND $asked.rows AS row
MATCH (i:Identifier {id: row.advocate})
USING INDEX SEEK i:Identifier(id)
CREATE (i)-[:INVITED]->(r:Referral:TimelineEntry {
  id: row.id, at: datetime(row.invited_at), invited_at: datetime(row.invited_at), kind: 'REFERRAL', channel: row.channel,
  timeline_key: row.timeline_key, kind_key: row.kind_key, referral_status: 'INVITED', code: row.code, campaign: row.campaign,
  expires_at: datetime(row.expires_at)})
WITH i, r, row
CALL (r, row) { WITH r, row WHERE row.key IS NOT NULL SET r:Event, r.key = row.key, r.body_hash = row.body_hash }
WITH i, r, row
WHERE row.invitee IS NOT NULL
MATCH (invitee:Identifier {id: row.invitee})
USING INDEX SEEK invitee:Identifier(id)
CREATE (r)-[:INVITEE]->(invitee)
WITH i, invitee
MATCH (i)<-[:IDENTIFIED_BY]-(c:Customer)
MATCH (c)<-[:REFERRED]-(up:Customer)
WITH c, up.id AS advocate, invitee
WHERE advocate IN COLLECT { MATCH (invitee)<-[:IDENTIFIED_BY]-(invited:Customer) RETURN invited.id }
CREATE (:SuspicionMark {customer: c.id, at: datetime()})
