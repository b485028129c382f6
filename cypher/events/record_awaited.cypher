// record_awaited($keys) -> write
// Things of which something was said before the event that makes them, and codes: what can be held by whoever speaks of them next.
UNWIND $asked.keys AS key
CREATE (:Thing {thing_key: key})
