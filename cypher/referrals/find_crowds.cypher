// find_crowds($rows, $most) -> many Beside
// Who else was brought in by the same advocate at about the same time. Rows are a referral, and the keys between which those stand.
UNWIND $asked.rows AS row
RETURN {referral: row[0], friends: COLLECT {
  MATCH ()-[pointer:REFERRED]->(friend:Customer)
  USING INDEX SEEK pointer:REFERRED(member_key)
  WHERE pointer.member_key >= row[1] AND pointer.member_key < row[2]
  RETURN [friend.id, pointer.at.epochMillis]
  ORDER BY pointer.member_key
  LIMIT $asked.most
}} AS beside
