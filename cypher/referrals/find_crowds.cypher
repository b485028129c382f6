// find_crowds($rows, $beside) -> many Beside
// Who else was brought in by the same advocate at about the same time: as many as count before and after each. Rows are a referral,
// the key of its friend, and the keys between which those stand.
UNWIND $asked.rows AS row
RETURN {referral: row[0], friends: reverse(COLLECT {
  MATCH ()-[pointer:REFERRED]->(friend:Customer)
  USING INDEX SEEK pointer:REFERRED(member_key)
  WHERE pointer.member_key >= row[2] AND pointer.member_key < row[1]
  RETURN [friend.id, pointer.at.epochMillis]
  ORDER BY pointer.member_key DESC
  LIMIT $asked.beside
}) + COLLECT {
  MATCH ()-[pointer:REFERRED]->(friend:Customer)
  USING INDEX SEEK pointer:REFERRED(member_key)
  WHERE pointer.member_key >= row[1] AND pointer.member_key < row[3]
  RETURN [friend.id, pointer.at.epochMillis]
  ORDER BY pointer.member_key
  LIMIT $asked.beside + 1
}} AS beside
