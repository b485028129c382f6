// trace_network($customer_ids, $generations, $widest, $skip) -> one Walk
// Whom these customers brought in, in up to twelve generations: how many in each, how many of them converted, and what they are
// worth in four of the currencies that there are. Below a generation that is wider than `widest` nobody is asked for; whoever goes
// on from the twelfth asks with the ids in `below`. A generation a subquery, for that walks a wide network at half the time
// that a path of any length takes.
WITH COLLECT {
  UNWIND $asked.customer_ids AS id
  MATCH (named:Identifier {customer_id: id})<-[:IDENTIFIED_BY]-(c:Customer)
  USING INDEX SEEK named:Identifier(customer_id)
  RETURN DISTINCT c
} AS m0, COLLECT {
  CALL db.propertyKeys() YIELD propertyKey WHERE propertyKey STARTS WITH 'net_'
  RETURN propertyKey ORDER BY propertyKey
} AS names
WITH m0, names, names[$asked.skip] AS a, names[$asked.skip + 1] AS b, names[$asked.skip + 2] AS c, names[$asked.skip + 3] AS d
CALL (m0, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 1 AND size(m0) <= $asked.widest THEN m0 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m1, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g1
}
CALL (m1, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 2 AND size(m1) <= $asked.widest THEN m1 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m2, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g2
}
CALL (m2, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 3 AND size(m2) <= $asked.widest THEN m2 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m3, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g3
}
CALL (m3, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 4 AND size(m3) <= $asked.widest THEN m3 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m4, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g4
}
CALL (m4, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 5 AND size(m4) <= $asked.widest THEN m4 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m5, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g5
}
CALL (m5, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 6 AND size(m5) <= $asked.widest THEN m5 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m6, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g6
}
CALL (m6, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 7 AND size(m6) <= $asked.widest THEN m6 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m7, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g7
}
CALL (m7, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 8 AND size(m7) <= $asked.widest THEN m7 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m8, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g8
}
CALL (m8, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 9 AND size(m8) <= $asked.widest THEN m8 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m9, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g9
}
CALL (m9, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 10 AND size(m9) <= $asked.widest THEN m9 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m10, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g10
}
CALL (m10, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 11 AND size(m10) <= $asked.widest THEN m10 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m11, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g11
}
CALL (m11, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 12 AND size(m11) <= $asked.widest THEN m11 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m12, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g12
}
RETURN {names: names, generations: [g1, g2, g3, g4, g5, g6, g7, g8, g9, g10, g11, g12],
  below: CASE WHEN $asked.generations > 12 AND size(m12) <= $asked.widest THEN [friend IN m12 | friend.id] ELSE [] END} AS walk
