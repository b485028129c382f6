// page_members($customer_ids, $path, $skip, $first, $last, $limit, $width, $listed, $since, $until) -> one MemberWalk
// Whom these customers brought in, in up to three generations, the first of which is the one behind `skip`: those of the generations
// from `first` to `last`, until there are `limit`, who accepted between two times, or at any. Within a generation members stand in
// the order of their advocates, then of the time, and only its beginning is walked: `listed` members where they are listed, `width`
// above. Whoever stands behind these has nobody below who stands ahead. `path`: for each generation an advocate, and the key at
// which those begin whom it brought in; of others all are walked.
WITH COLLECT {
  UNWIND $asked.customer_ids AS id
  MATCH (named:Identifier {customer_id: id})<-[:IDENTIFIED_BY]-(c:Customer)
  USING INDEX SEEK named:Identifier(customer_id)
  RETURN c
} AS m0, datetime($asked.since) AS since, datetime($asked.until) AS until
WITH m0, since, until, 0 AS n0
CALL (m0, n0, since, until) {
  UNWIND CASE WHEN n0 < $asked.limit AND $asked.skip + 1 <= $asked.last THEN range(0, size(m0) - 1) ELSE [] END AS place
  WITH place, m0[place] AS advocate, since, until
  ORDER BY place
  CALL (advocate) {
    MATCH ()-[r:REFERRED]->(friend)
    USING INDEX SEEK r:REFERRED(member_key)
    WHERE r.member_key >= CASE $asked.path[0][0] WHEN advocate.id THEN $asked.path[0][1] ELSE advocate.id + '/' END
      AND r.member_key < advocate.id + '0'
    RETURN r, friend
    ORDER BY r.member_key
    LIMIT CASE WHEN $asked.skip + 1 < $asked.first THEN $asked.width ELSE $asked.listed END
  }
  WITH place, advocate, r, friend, since, until
  ORDER BY place, r.member_key
  LIMIT CASE WHEN $asked.skip + 1 < $asked.first THEN $asked.width ELSE $asked.listed END
  RETURN collect(friend) AS m1, collect(CASE WHEN $asked.skip + 1 >= $asked.first AND coalesce(r.at >= since AND r.at < until, true)
    THEN [friend.id, advocate.id, $asked.skip + 1, r.referral] END) AS g1
}
WITH *, n0 + size(g1) AS n1
CALL (m1, n1, since, until) {
  UNWIND CASE WHEN n1 < $asked.limit AND $asked.skip + 2 <= $asked.last THEN range(0, size(m1) - 1) ELSE [] END AS place
  WITH place, m1[place] AS advocate, since, until
  ORDER BY place
  CALL (advocate) {
    MATCH ()-[r:REFERRED]->(friend)
    USING INDEX SEEK r:REFERRED(member_key)
    WHERE r.member_key >= CASE $asked.path[1][0] WHEN advocate.id THEN $asked.path[1][1] ELSE advocate.id + '/' END
      AND r.member_key < advocate.id + '0'
    RETURN r, friend
    ORDER BY r.member_key
    LIMIT CASE WHEN $asked.skip + 2 < $asked.first THEN $asked.width ELSE $asked.listed END
  }
  WITH place, advocate, r, friend, since, until
  ORDER BY place, r.member_key
  LIMIT CASE WHEN $asked.skip + 2 < $asked.first THEN $asked.width ELSE $asked.listed END
  RETURN collect(friend) AS m2, collect(CASE WHEN $asked.skip + 2 >= $asked.first AND coalesce(r.at >= since AND r.at < until, true)
    THEN [friend.id, advocate.id, $asked.skip + 2, r.referral] END) AS g2
}
WITH *, n1 + size(g2) AS n2
CALL (m2, n2, since, until) {
  UNWIND CASE WHEN n2 < $asked.limit AND $asked.skip + 3 <= $asked.last THEN range(0, size(m2) - 1) ELSE [] END AS place
  WITH place, m2[place] AS advocate, since, until
  ORDER BY place
  CALL (advocate) {
    MATCH ()-[r:REFERRED]->(friend)
    USING INDEX SEEK r:REFERRED(member_key)
    WHERE r.member_key >= CASE $asked.path[2][0] WHEN advocate.id THEN $asked.path[2][1] ELSE advocate.id + '/' END
      AND r.member_key < advocate.id + '0'
    RETURN r, friend
    ORDER BY r.member_key
    LIMIT CASE WHEN $asked.skip + 3 < $asked.first THEN $asked.width ELSE $asked.listed END
  }
  WITH place, advocate, r, friend, since, until
  ORDER BY place, r.member_key
  LIMIT CASE WHEN $asked.skip + 3 < $asked.first THEN $asked.width ELSE $asked.listed END
  RETURN collect(friend) AS m3, collect(CASE WHEN $asked.skip + 3 >= $asked.first AND coalesce(r.at >= since AND r.at < until, true)
    THEN [friend.id, advocate.id, $asked.skip + 3, r.referral] END) AS g3
}
WITH *, n2 + size(g3) AS n3
RETURN {widths: [size(m1), size(m2), size(m3)], members: g1 + g2 + g3,
  below: CASE WHEN n3 < $asked.limit THEN [friend IN m3 | friend.id] ELSE [] END} AS walk
