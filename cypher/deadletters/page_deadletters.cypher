// page_deadletters($after, $limit, $source) -> many DeadLetter
// In the order of their ids, which is that of time; of one source, or (null) of all.
MATCH (d:DeadLetter)
USING INDEX SEEK d:DeadLetter(id)
WHERE d.id > $asked.after AND ($asked.source IS NULL OR d.source = $asked.source)
WITH d ORDER BY d.id LIMIT $asked.limit
RETURN {id: d.id, source: d.source, call: d.call, code: d.code, message: d.message, body: d.body, times: d.times,
  first_at: toString(d.first_at), last_at: toString(d.last_at)} AS letter
