// record_carts($rows) -> write
// Carts heard of for the first time.
UNWIND $asked.rows AS row
MATCH (i:Identifier {id: row.identifier})
USING INDEX SEEK i:Identifier(id)
CREATE (i)-[:HAS]->(:Cart:Thing:Event {
  id: row.id, key: row.key, body_hash: row.body_hash, body: row.body, thing_key: row.thing_key, number: row.number, source: row.source,
  opened_at: datetime(row.opened_at), updated_at: datetime(row.updated_at), order_key: row.order_key, channel: row.channel,
  checkout_step: row.checkout_step, currency: row.currency, total: row.total, purchase_key: row.purchase_key})
