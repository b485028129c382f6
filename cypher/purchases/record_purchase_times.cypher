// record_purchase_times($ids) -> write
// First and last purchase of an identifier, looked up: a cancelled one can have been either.
UNWIND $asked.ids AS id
MATCH (i:Identifier {id: id})
USING INDEX SEEK i:Identifier(id)
CALL (id) {
  OPTIONAL MATCH (p:TimelineEntry)
  USING INDEX SEEK p:TimelineEntry(kind_key)
  WHERE p.kind_key > id + '/PURCHASE/' AND p.kind_key < id + '/PURCHASE0' AND p.purchase_status <> 'CANCELLED'
  RETURN p.at AS first_at ORDER BY p.kind_key LIMIT 1
}
CALL (id) {
  OPTIONAL MATCH (p:TimelineEntry)
  USING INDEX SEEK p:TimelineEntry(kind_key)
  WHERE p.kind_key > id + '/PURCHASE/' AND p.kind_key < id + '/PURCHASE0' AND p.purchase_status <> 'CANCELLED'
  RETURN p.at AS last_at ORDER BY p.kind_key DESC LIMIT 1
}
SET i.first_purchase_at = first_at, i.last_purchase_at = last_at
