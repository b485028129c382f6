// find_referred_revenue() -> one
// What everyone who was brought in bought, less refunds, by currency.
WITH COLLECT {
  CALL db.propertyKeys() YIELD propertyKey WHERE propertyKey STARTS WITH 'net_'
  RETURN propertyKey
} AS names
CALL (names) {
  MATCH ()-[r:REFERRED]->()
  USING INDEX SEEK r:REFERRED(member_key)
  WHERE r.member_key > ''
  UNWIND names AS name
  WITH name, sum(r[name]) AS net
  RETURN collect([substring(name, 4), net]) AS nets
}
RETURN nets
