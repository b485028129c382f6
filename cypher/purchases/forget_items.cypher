// forget_items($keys) -> write
// The lines that an earlier state of a purchase or a cart left behind.
UNWIND $asked.keys AS key
MATCH (:Thing {thing_key: key})-[was:CONTAINS]->(:Product)
DELETE was
