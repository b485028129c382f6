// merge_customers($keep, $absorb) -> one
// All identifiers of one customer become another's; returns whose candidate referrer the absorbed one was.
MATCH (keep:Customer {id: $asked.keep})
USING INDEX SEEK keep:Customer(id)
CALL (keep) {
  MATCH (absorbed:Customer {id: $asked.absorb})
  USING INDEX SEEK absorbed:Customer(id)
  OPTIONAL MATCH (absorbed)-[:REFERRED|RING_CLOSED]->(friend:Customer)
  WITH keep, absorbed, collect(DISTINCT friend.id) AS friends
  // Of the one that is left more is known than of either, and all whom either brought in are looked at once more.
  SET keep.version = CASE WHEN absorbed.version >= keep.version THEN absorbed.version + 1 ELSE keep.version END, keep.traces = ''
  WITH keep, absorbed, friends
  MATCH (absorbed)-[was:IDENTIFIED_BY]->(i:Identifier)
  CREATE (keep)-[:IDENTIFIED_BY]->(i)
  DELETE was
  WITH DISTINCT keep, absorbed, friends
  CALL (absorbed) { MATCH (absorbed)<-[:REFERRED]-(was:Customer) CREATE (:NetworkMark {customer: was.id, at: datetime()}) }
  CREATE (:SuspicionMark {customer: keep.id, at: datetime()})
  WITH keep, absorbed, friends
  DETACH DELETE absorbed
  RETURN friends
}
RETURN {version: keep.version, friends: friends} AS merged
