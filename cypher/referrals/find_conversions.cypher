// find_conversions($rows, $least) -> one
// The first purchase of each friend that was not cancelled and comes to enough, between two times. Rows are a referral, its friend,
// and the times as keys have them.
UNWIND $asked.rows AS row
CALL (row) {
  MATCH (c:Customer {id: row[1]})-[:IDENTIFIED_BY]->(i:Identifier)
  USING INDEX SEEK c:Customer(id)
  CALL (i, row) {
    MATCH (p:TimelineEntry)
    USING INDEX SEEK p:TimelineEntry(kind_key)
    WHERE p.kind_key >= i.id + '/PURCHASE/' + row[2] AND p.kind_key < i.id + '/PURCHASE/' + row[3]
      AND p.purchase_status <> 'CANCELLED' AND ($asked.least IS NULL OR p.total >= $asked.least[p.currency])
    RETURN p
    ORDER BY p.kind_key
    LIMIT 1
  }
  RETURN p
  ORDER BY p.at, p.id
  LIMIT 1
}
RETURN collect({referral: row[0], id: p.id, at: toString(p.at), purchase_status: p.purchase_status, total: p.total,
  refunded: p.refunded, currency: p.currency,
  refunded_at: last([n IN range(0, size(p.statuses) - 1) WHERE p.statuses[n] ENDS WITH 'REFUNDED' | toString(p.status_times[n])])
}) AS conversions
