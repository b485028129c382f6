// lock_migrations() -> write
// Held by the transaction that migrates: of several processes starting at once, the others wait here.
MERGE (m:MigrationLock:Migration {name: 'lock'})
SET m.at = datetime.transaction()
