// find_migrations() -> many AppliedMigration
// What has been applied, in order.
MATCH (m:Migration)
WHERE m.name STARTS WITH 'V'
RETURN m {.name, .checksum} AS migration
ORDER BY migration.name
