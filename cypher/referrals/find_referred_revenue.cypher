// find_referred_revenue($skip) -> one Sums
// What everyone who was brought in bought, less refunds, in four of the currencies that there are.
WITH COLLECT {
  CALL db.propertyKeys() YIELD propertyKey WHERE propertyKey STARTS WITH 'net_'
  RETURN propertyKey ORDER BY propertyKey
} AS names
WITH names, names[$asked.skip] AS a, names[$asked.skip + 1] AS b, names[$asked.skip + 2] AS c, names[$asked.skip + 3] AS d
MATCH ()-[r:REFERRED]->()
USING INDEX SEEK r:REFERRED(member_key)
WHERE r.member_key > ''
WITH names, sum(r[a]) AS a, sum(r[b]) AS b, sum(r[c]) AS c, sum(r[d]) AS d
RETURN {names: names, sums: [a, b, c, d]} AS sums
