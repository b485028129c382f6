// forget_awaited($keys) -> write
// What stood for a thing makes room for it.
UNWIND $asked.keys AS key
MATCH (t:Thing {thing_key: key})
USING INDEX SEEK t:Thing(thing_key)
WHERE t.id IS NULL
DELETE t
