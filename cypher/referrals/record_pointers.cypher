// record_pointers($rows) -> write
// Each customer has at most one candidate referrer: REFERRED, or RING_CLOSED where it would close a ring. What counts in networks
// stands on the edge: whether the friend converted, and what the friend is worth, revenue less refunds by currency.
UNWIND $asked.rows AS row
MATCH (friend:Customer {id: row.friend})
USING INDEX SEEK friend:Customer(id)
CALL (friend) { MATCH (friend)<-[was:REFERRED|RING_CLOSED]-() DELETE was }
WITH friend, row
WHERE row.advocate IS NOT NULL
MATCH (advocate:Customer {id: row.advocate})
USING INDEX SEEK advocate:Customer(id)
CALL (advocate, friend, row) {
  WITH advocate, friend, row WHERE row.closed
  CREATE (advocate)-[:RING_CLOSED {at: datetime(row.at), referral: row.referral}]->(friend)
}
CALL (advocate, friend, row) {
  WITH advocate, friend, row WHERE NOT row.closed
  MATCH (r:Referral:TimelineEntry {id: row.referral})
  USING INDEX SEEK r:TimelineEntry(id)
  CREATE (advocate)-[pointer:REFERRED {at: datetime(row.at), referral: row.referral, member_key: row.member_key}]->(friend)
  SET pointer.converted = CASE WHEN r.qualified_at IS NOT NULL AND r.referral_status <> 'REVERSED' THEN 1 ELSE 0 END
  FOREACH (name IN [name IN keys(friend) WHERE name STARTS WITH 'revenue_' | substring(name, 8)] |
    SET pointer['net_' + name] = friend['revenue_' + name] - coalesce(friend['refunds_' + name], 0))
}
