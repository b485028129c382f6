// lock_things($keys) -> write
// Holds things and codes until the commit, in the order given. Nothing changes, see customers/lock_customers.cypher.
UNWIND $asked.keys AS key
MATCH (t:Thing {thing_key: key})
USING INDEX SEEK t:Thing(thing_key)
REMOVE t.held
