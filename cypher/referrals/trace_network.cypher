// trace_network($customer_ids, $generations, $seen, $most, $skip) -> one Walk
// Whom these customers brought in, in up to twelve generations: how many in each, how many of them converted, and what they are
// worth in four of the currencies that there are. Once there are more than `most`, with the `seen` ones, nobody is asked for below;
// whoever goes on from the twelfth asks with the ids in `below`. A generation a subquery, for that walks a wide network at half the
// time that a path of any length takes.
WITH COLLECT {
  UNWIND $asked.customer_ids AS id
  MATCH (named:Identifier {customer_id: id})<-[:IDENTIFIED_BY]-(c:Customer)
  USING INDEX SEEK named:Identifier(customer_id)
  RETURN DISTINCT c
} AS m0, COLLECT {
  CALL db.propertyKeys() YIELD propertyKey WHERE propertyKey STARTS WITH 'net_'
  RETURN propertyKey ORDER BY propertyKey
} AS names
WITH m0, $asked.seen AS n0, names, names[$asked.skip] AS a, names[$asked.skip + 1] AS b, names[$asked.skip + 2] AS c, names[$asked.skip + 3] AS d
CALL (m0, n0, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 1 AND n0 <= $asked.most THEN m0 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m1, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g1
}
WITH *, n0 + size(m1) AS n1
CALL (m1, n1, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 2 AND n1 <= $asked.most THEN m1 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m2, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g2
}
WITH *, n1 + size(m2) AS n2
CALL (m2, n2, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 3 AND n2 <= $asked.most THEN m2 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m3, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g3
}
WITH *, n2 + size(m3) AS n3
CALL (m3, n3, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 4 AND n3 <= $asked.most THEN m3 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m4, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g4
}
WITH *, n3 + size(m4) AS n4
CALL (m4, n4, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 5 AND n4 <= $asked.most THEN m4 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m5, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g5
}
WITH *, n4 + size(m5) AS n5
CALL (m5, n5, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 6 AND n5 <= $asked.most THEN m5 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m6, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g6
}
WITH *, n5 + size(m6) AS n6
CALL (m6, n6, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 7 AND n6 <= $asked.most THEN m6 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m7, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g7
}
WITH *, n6 + size(m7) AS n7
CALL (m7, n7, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 8 AND n7 <= $asked.most THEN m7 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m8, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g8
}
WITH *, n7 + size(m8) AS n8
CALL (m8, n8, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 9 AND n8 <= $asked.most THEN m8 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m9, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g9
}
WITH *, n8 + size(m9) AS n9
CALL (m9, n9, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 10 AND n9 <= $asked.most THEN m9 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m10, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g10
}
WITH *, n9 + size(m10) AS n10
CALL (m10, n10, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 11 AND n10 <= $asked.most THEN m10 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m11, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g11
}
WITH *, n10 + size(m11) AS n11
CALL (m11, n11, a, b, c, d) {
  UNWIND CASE WHEN $asked.generations >= 12 AND n11 <= $asked.most THEN m11 ELSE [] END AS advocate
  MATCH (advocate)-[r:REFERRED]->(friend)
  RETURN collect(friend) AS m12, [count(friend), sum(r.converted), sum(r[a]), sum(r[b]), sum(r[c]), sum(r[d])] AS g12
}
WITH *, n11 + size(m12) AS n12
RETURN {names: names, generations: [g1, g2, g3, g4, g5, g6, g7, g8, g9, g10, g11, g12],
  below: CASE WHEN $asked.generations > 12 AND n12 <= $asked.most THEN [friend IN m12 | friend.id] ELSE [] END} AS walk
