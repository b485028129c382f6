// record_uses($rows) -> write
// How much an identifier uses a channel; one edge each, so that channels can be asked for without walking what happened.
// No MERGE: it would hold the channel, which all customers share. Whoever writes uses of an identifier holds its customer.
UNWIND $asked.rows AS row
MATCH (i:Identifier {id: row.identifier})
USING INDEX SEEK i:Identifier(id)
MATCH (ch:Channel {key: row.channel})
USING INDEX SEEK ch:Channel(key)
OPTIONAL MATCH (i)-[use:USES]->(ch)
CALL (i, ch, use, row) {
  WITH i, ch, use, row WHERE use IS NULL
  CREATE (i)-[:USES {touchpoints: row.touchpoints, purchases: row.purchases,
    first_at: datetime(row.first_at), last_at: datetime(row.last_at)}]->(ch)
}
CALL (use, row) {
  WITH use, row WHERE use IS NOT NULL
  SET use.touchpoints = use.touchpoints + row.touchpoints, use.purchases = use.purchases + row.purchases,
    use.first_at = CASE WHEN use.first_at > datetime(row.first_at) THEN datetime(row.first_at) ELSE use.first_at END,
    use.last_at = CASE WHEN use.last_at < datetime(row.last_at) THEN datetime(row.last_at) ELSE use.last_at END
}
