// forget_items($keys) -> write
// The lines that an earlier state of a purchase or a cart left behind.
UNWIND $asked.keys AS key
MATCH (named:Thing {thing_key: key})-[was:CONTAINS]->(:Product)
USING INDEX SEEK named:Thing(thing_key)
DELETE was
