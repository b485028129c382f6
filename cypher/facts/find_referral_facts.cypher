// find_referral_facts($after, $until, $limit) -> many ReferralFacts
// Whom referrals brought, beside whether they were accepted; by id, between two ids.
MATCH (r:TimelineEntry)
USING INDEX SEEK r:TimelineEntry(id)
WHERE r.id > $asked.after AND r.id < $asked.until
WITH r ORDER BY r.id LIMIT $asked.limit
RETURN {
  id: r.id, accepted: r.accepted_at IS NOT NULL, brought: COUNT { (r)-[:BROUGHT]->() },
  friends: COLLECT { MATCH (r)-[:BROUGHT]->(:Identifier)<-[:IDENTIFIED_BY]-(friend:Customer) RETURN friend.id }
} AS facts
