// find_answers($keys) -> one
// What was answered under these keys, each with the hash of the body that was answered.
UNWIND $asked.keys AS key
MATCH (a:Answer {key: key})
USING INDEX SEEK a:Answer(key)
RETURN collect([a.key, a.body_hash, a.body]) AS answers
