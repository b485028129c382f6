// record_migration($name, $checksum) -> write
MERGE (m:Migration {name: $name})
ON CREATE SET m.checksum = $checksum, m.applied_at = datetime.transaction()
