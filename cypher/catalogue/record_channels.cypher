// record_channels($rows) -> write
UNWIND $asked.rows AS row
MERGE (ch:Channel {key: row.key})
ON CREATE SET ch.id = row.id, ch.label = row.label, ch.channel_kind = row.channel_kind
