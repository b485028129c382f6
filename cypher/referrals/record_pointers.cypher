// record_pointers($rows) -> write
// Each customer has at most one candidate referrer: REFERRED, or RING_CLOSED where it would close a ring.
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
  CREATE (advocate)-[:REFERRED {at: datetime(row.at), referral: row.referral}]->(friend)
}
