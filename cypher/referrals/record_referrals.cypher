// record_referrals($rows) -> write
// Where who was invited invites somebody who invites in turn, a mark is left: it is to be looked at whether that closes a ring.
UNWIND $asked.rows AS row
MATCH (i:Identifier {id: row.advocate})
USING INDEX SEEK i:Identifier(id)
CREATE (i)-[:INVITED]->(r:Referral:TimelineEntry {
  id: row.id, inviter: row.advocate, at: datetime(row.invited_at), invited_at: datetime(row.invited_at), kind: 'REFERRAL', channel: row.channel,
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
MATCH (i)<-[:IDENTIFIED_BY]-(inviter:Customer)
WHERE EXISTS { MATCH (inviter)-[:IDENTIFIED_BY]->(:Identifier)<-[:INVITEE|BROUGHT]-(:Referral) }
MATCH (invitee)<-[:IDENTIFIED_BY]-(invited:Customer)
WHERE EXISTS { MATCH (invited)-[:IDENTIFIED_BY]->(:Identifier)-[:INVITED]->(:Referral) }
CREATE (:SuspicionMark {customer: invited.id, at: datetime()})
