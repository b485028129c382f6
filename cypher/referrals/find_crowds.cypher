// find_crowds($rows, $beside) -> many Beside
// Who else accepted what the same advocate offers, whatever became of it, at about the same time: as many as count before and since.
// Rows are a referral, its advocate, since when they count, when it was accepted, and until when they count.
UNWIND $asked.rows AS row
MATCH (advocate:Customer {id: row[1]})
USING INDEX SEEK advocate:Customer(id)
RETURN {referral: row[0], friends: reverse(COLLECT {
  MATCH (advocate)-[:IDENTIFIED_BY]->(i:Identifier)
  CALL (i, row) {
    MATCH (r:Referral)
    USING INDEX SEEK r:Referral(inviter, accepted_at)
    WHERE r.inviter = i.id AND r.accepted_at >= datetime(row[2]) AND r.accepted_at < datetime(row[3])
    RETURN r ORDER BY r.accepted_at DESC, r.id DESC LIMIT $asked.beside
  }
  MATCH (r)-[:BROUGHT]->(:Identifier)<-[:IDENTIFIED_BY]-(friend:Customer)
  RETURN [friend.id, r.accepted_at.epochMillis] ORDER BY r.accepted_at DESC, r.id DESC LIMIT $asked.beside
}) + COLLECT {
  MATCH (advocate)-[:IDENTIFIED_BY]->(i:Identifier)
  CALL (i, row) {
    MATCH (r:Referral)
    USING INDEX SEEK r:Referral(inviter, accepted_at)
    WHERE r.inviter = i.id AND r.accepted_at >= datetime(row[3]) AND r.accepted_at < datetime(row[4])
    RETURN r ORDER BY r.accepted_at, r.id LIMIT $asked.beside + 1
  }
  MATCH (r)-[:BROUGHT]->(:Identifier)<-[:IDENTIFIED_BY]-(friend:Customer)
  RETURN [friend.id, r.accepted_at.epochMillis] ORDER BY r.accepted_at, r.id LIMIT $asked.beside + 1
}} AS beside
