// record_migration($name, $checksum) -> write
MERGE (m:Migration {name: $asked.name})
ON CREATE SET m.checksum = $asked.checksum, m.applied_at = datetime.transaction()
