// page_members($customer_ids, $path, $skip, $first, $last, $limit, $since, $until) -> many Member
// The first `limit` of those whom these customers brought in, through others: generation by generation from `first` to `last`, where
// the customers stand in generation `skip`, at most twelve above; within a generation in the order of their advocates, then of the
// time. Told are those who accepted between two times, or at any. `path`: for each generation an advocate, and the key at which
// those begin whom it brought in; of others all are walked.
// Seeks that are nested give rows in the order of the walk, one by one, and who has enough of them ends it: no list is made of those
// above, of whom nobody knows how many it takes.
WITH COLLECT {
  UNWIND $asked.customer_ids AS id
  MATCH (named:Identifier {customer_id: id})<-[:IDENTIFIED_BY]-(c:Customer)
  USING INDEX SEEK named:Identifier(customer_id)
  RETURN c
} AS customers
UNWIND range($asked.first - $asked.skip, $asked.last - $asked.skip) AS steps
UNWIND customers AS m0
WITH steps, m0, null AS r0
CALL (steps, m0, r0) {
  MATCH ()-[r:REFERRED]->(friend)
  USING INDEX SEEK r:REFERRED(member_key)
  WHERE r.member_key >= CASE $asked.path[steps - 12][0] WHEN m0.id THEN $asked.path[steps - 12][1] ELSE m0.id + '/' END
    AND r.member_key < CASE WHEN steps >= 12 THEN m0.id + '0' ELSE '' END
  RETURN r AS r1, friend AS m1
  ORDER BY r.member_key
  UNION ALL
  WITH steps, m0, r0
  WHERE steps < 12
  RETURN r0 AS r1, m0 AS m1
}
WITH steps, m1, r1
WHERE steps < 11 OR EXISTS { (m1)-[:REFERRED]->() }
CALL (steps, m1, r1) {
  MATCH ()-[r:REFERRED]->(friend)
  USING INDEX SEEK r:REFERRED(member_key)
  WHERE r.member_key >= CASE $asked.path[steps - 11][0] WHEN m1.id THEN $asked.path[steps - 11][1] ELSE m1.id + '/' END
    AND r.member_key < CASE WHEN steps >= 11 THEN m1.id + '0' ELSE '' END
  RETURN r AS r2, friend AS m2
  ORDER BY r.member_key
  UNION ALL
  WITH steps, m1, r1
  WHERE steps < 11
  RETURN r1 AS r2, m1 AS m2
}
WITH steps, m2, r2
WHERE steps < 10 OR EXISTS { (m2)-[:REFERRED]->() }
CALL (steps, m2, r2) {
  MATCH ()-[r:REFERRED]->(friend)
  USING INDEX SEEK r:REFERRED(member_key)
  WHERE r.member_key >= CASE $asked.path[steps - 10][0] WHEN m2.id THEN $asked.path[steps - 10][1] ELSE m2.id + '/' END
    AND r.member_key < CASE WHEN steps >= 10 THEN m2.id + '0' ELSE '' END
  RETURN r AS r3, friend AS m3
  ORDER BY r.member_key
  UNION ALL
  WITH steps, m2, r2
  WHERE steps < 10
  RETURN r2 AS r3, m2 AS m3
}
WITH steps, m3, r3
WHERE steps < 9 OR EXISTS { (m3)-[:REFERRED]->() }
CALL (steps, m3, r3) {
  MATCH ()-[r:REFERRED]->(friend)
  USING INDEX SEEK r:REFERRED(member_key)
  WHERE r.member_key >= CASE $asked.path[steps - 9][0] WHEN m3.id THEN $asked.path[steps - 9][1] ELSE m3.id + '/' END
    AND r.member_key < CASE WHEN steps >= 9 THEN m3.id + '0' ELSE '' END
  RETURN r AS r4, friend AS m4
  ORDER BY r.member_key
  UNION ALL
  WITH steps, m3, r3
  WHERE steps < 9
  RETURN r3 AS r4, m3 AS m4
}
WITH steps, m4, r4
WHERE steps < 8 OR EXISTS { (m4)-[:REFERRED]->() }
CALL (steps, m4, r4) {
  MATCH ()-[r:REFERRED]->(friend)
  USING INDEX SEEK r:REFERRED(member_key)
  WHERE r.member_key >= CASE $asked.path[steps - 8][0] WHEN m4.id THEN $asked.path[steps - 8][1] ELSE m4.id + '/' END
    AND r.member_key < CASE WHEN steps >= 8 THEN m4.id + '0' ELSE '' END
  RETURN r AS r5, friend AS m5
  ORDER BY r.member_key
  UNION ALL
  WITH steps, m4, r4
  WHERE steps < 8
  RETURN r4 AS r5, m4 AS m5
}
WITH steps, m5, r5
WHERE steps < 7 OR EXISTS { (m5)-[:REFERRED]->() }
CALL (steps, m5, r5) {
  MATCH ()-[r:REFERRED]->(friend)
  USING INDEX SEEK r:REFERRED(member_key)
  WHERE r.member_key >= CASE $asked.path[steps - 7][0] WHEN m5.id THEN $asked.path[steps - 7][1] ELSE m5.id + '/' END
    AND r.member_key < CASE WHEN steps >= 7 THEN m5.id + '0' ELSE '' END
  RETURN r AS r6, friend AS m6
  ORDER BY r.member_key
  UNION ALL
  WITH steps, m5, r5
  WHERE steps < 7
  RETURN r5 AS r6, m5 AS m6
}
WITH steps, m6, r6
WHERE steps < 6 OR EXISTS { (m6)-[:REFERRED]->() }
CALL (steps, m6, r6) {
  MATCH ()-[r:REFERRED]->(friend)
  USING INDEX SEEK r:REFERRED(member_key)
  WHERE r.member_key >= CASE $asked.path[steps - 6][0] WHEN m6.id THEN $asked.path[steps - 6][1] ELSE m6.id + '/' END
    AND r.member_key < CASE WHEN steps >= 6 THEN m6.id + '0' ELSE '' END
  RETURN r AS r7, friend AS m7
  ORDER BY r.member_key
  UNION ALL
  WITH steps, m6, r6
  WHERE steps < 6
  RETURN r6 AS r7, m6 AS m7
}
WITH steps, m7, r7
WHERE steps < 5 OR EXISTS { (m7)-[:REFERRED]->() }
CALL (steps, m7, r7) {
  MATCH ()-[r:REFERRED]->(friend)
  USING INDEX SEEK r:REFERRED(member_key)
  WHERE r.member_key >= CASE $asked.path[steps - 5][0] WHEN m7.id THEN $asked.path[steps - 5][1] ELSE m7.id + '/' END
    AND r.member_key < CASE WHEN steps >= 5 THEN m7.id + '0' ELSE '' END
  RETURN r AS r8, friend AS m8
  ORDER BY r.member_key
  UNION ALL
  WITH steps, m7, r7
  WHERE steps < 5
  RETURN r7 AS r8, m7 AS m8
}
WITH steps, m8, r8
WHERE steps < 4 OR EXISTS { (m8)-[:REFERRED]->() }
CALL (steps, m8, r8) {
  MATCH ()-[r:REFERRED]->(friend)
  USING INDEX SEEK r:REFERRED(member_key)
  WHERE r.member_key >= CASE $asked.path[steps - 4][0] WHEN m8.id THEN $asked.path[steps - 4][1] ELSE m8.id + '/' END
    AND r.member_key < CASE WHEN steps >= 4 THEN m8.id + '0' ELSE '' END
  RETURN r AS r9, friend AS m9
  ORDER BY r.member_key
  UNION ALL
  WITH steps, m8, r8
  WHERE steps < 4
  RETURN r8 AS r9, m8 AS m9
}
WITH steps, m9, r9
WHERE steps < 3 OR EXISTS { (m9)-[:REFERRED]->() }
CALL (steps, m9, r9) {
  MATCH ()-[r:REFERRED]->(friend)
  USING INDEX SEEK r:REFERRED(member_key)
  WHERE r.member_key >= CASE $asked.path[steps - 3][0] WHEN m9.id THEN $asked.path[steps - 3][1] ELSE m9.id + '/' END
    AND r.member_key < CASE WHEN steps >= 3 THEN m9.id + '0' ELSE '' END
  RETURN r AS r10, friend AS m10
  ORDER BY r.member_key
  UNION ALL
  WITH steps, m9, r9
  WHERE steps < 3
  RETURN r9 AS r10, m9 AS m10
}
WITH steps, m10, r10
WHERE steps < 2 OR EXISTS { (m10)-[:REFERRED]->() }
CALL (steps, m10, r10) {
  MATCH ()-[r:REFERRED]->(friend)
  USING INDEX SEEK r:REFERRED(member_key)
  WHERE r.member_key >= CASE $asked.path[steps - 2][0] WHEN m10.id THEN $asked.path[steps - 2][1] ELSE m10.id + '/' END
    AND r.member_key < CASE WHEN steps >= 2 THEN m10.id + '0' ELSE '' END
  RETURN r AS r11, friend AS m11
  ORDER BY r.member_key
  UNION ALL
  WITH steps, m10, r10
  WHERE steps < 2
  RETURN r10 AS r11, m10 AS m11
}
WITH steps, m11, r11
WHERE steps < 1 OR EXISTS { (m11)-[:REFERRED]->() }
CALL (steps, m11, r11) {
  MATCH ()-[r:REFERRED]->(friend)
  USING INDEX SEEK r:REFERRED(member_key)
  WHERE r.member_key >= CASE $asked.path[steps - 1][0] WHEN m11.id THEN $asked.path[steps - 1][1] ELSE m11.id + '/' END
    AND r.member_key < CASE WHEN steps >= 1 THEN m11.id + '0' ELSE '' END
  RETURN r AS r12, friend AS m12
  ORDER BY r.member_key
  UNION ALL
  WITH steps, m11, r11
  WHERE steps < 1
  RETURN r11 AS r12, m11 AS m12
}
WITH steps, r12 AS r, m12 AS friend
WHERE coalesce(r.at >= datetime($asked.since) AND r.at < datetime($asked.until), true)
RETURN [friend.id, startNode(r).id, $asked.skip + steps, r.referral] AS member
LIMIT $asked.limit
