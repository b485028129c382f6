// record_uses($rows) -> write
// How much an identifier uses a channel; one edge each, so that channels can be asked for without walking what happened.
UNWIND $asked.rows AS row
MATCH (i:Identifier {id: row.identifier})
MATCH (ch:Channel {key: row.channel})
MERGE (i)-[use:USES]->(ch)
ON CREATE SET use.touchpoints = row.touchpoints, use.purchases = row.purchases,
  use.first_at = datetime(row.first_at), use.last_at = datetime(row.last_at)
ON MATCH SET use.touchpoints = use.touchpoints + row.touchpoints, use.purchases = use.purchases + row.purchases,
  use.first_at = CASE WHEN use.first_at > datetime(row.first_at) THEN datetime(row.first_at) ELSE use.first_at END,
  use.last_at = CASE WHEN use.last_at < datetime(row.last_at) THEN datetime(row.last_at) ELSE use.last_at END
