// lock_things($keys) -> write
// Holds things and codes until the commit, in the order given. Nothing changes: a value that is set to itself is locked all the same.
UNWIND $asked.keys AS key
MATCH (t:Thing {thing_key: key})
USING INDEX SEEK t:Thing(thing_key)
SET t.thing_key = t.thing_key
