// find_events($keys) -> one
// Which of these events are kept already, each with the hash of its body.
UNWIND $asked.keys AS key
MATCH (e:Event {key: key})
USING INDEX SEEK e:Event(key)
RETURN collect([e.key, e.body_hash]) AS events
