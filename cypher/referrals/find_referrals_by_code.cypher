// find_referrals_by_code($codes, $separator) -> one
// The referrals that carry these codes, oldest first, the standing codes of advocates, and the acceptances that came before any.
UNWIND $asked.codes AS code
OPTIONAL MATCH (r:Referral {code: code})<-[:INVITED]-(advocate:Identifier)<-[:IDENTIFIED_BY]-(owner:Customer)
USING INDEX SEEK r:Referral(code)
OPTIONAL MATCH (r)-[:INVITEE]->(invitee:Identifier)
OPTIONAL MATCH (t:Thing {thing_key: 'code' + $asked.separator + code})
USING INDEX SEEK t:Thing(thing_key)
WITH code, t, r, advocate, owner, invitee
ORDER BY r.invited_at, r.id
WITH code, t, collect(CASE WHEN r IS NULL THEN null ELSE {id: r.id, advocate: advocate.id, customer: owner.id, invitee: invitee.id,
  accepted: r.accepted_at IS NOT NULL, campaign: r.campaign, channel: r.channel, expires_at: toString(r.expires_at)} END) AS referrals
RETURN collect({code: code, there: t IS NOT NULL, referrals: referrals,
  standing: head(COLLECT {
    MATCH (s:ReferralCode {code: code})<-[:OFFERS]-(i:Identifier)<-[:IDENTIFIED_BY]-(c:Customer)
    USING INDEX SEEK s:ReferralCode(code)
    RETURN {advocate: i.id, customer: c.id, campaign: s.campaign, channel: s.channel, expires_at: toString(s.expires_at)}}),
  parked: COLLECT { MATCH (s:Statement {thing_key: 'code' + $asked.separator + code}) USING INDEX SEEK s:Statement(thing_key) WHERE NOT (s)-[:ABOUT]->() RETURN s.body ORDER BY s.key }}) AS found
