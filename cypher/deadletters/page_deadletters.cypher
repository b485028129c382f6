// page_deadletters($after, $limit) -> many DeadLetter
// In the order of their ids, which is that of time.
MATCH (d:DeadLetter)
USING INDEX SEEK d:DeadLetter(id)
WHERE d.id > $asked.after
WITH d ORDER BY d.id LIMIT $asked.limit
RETURN {id: d.id, source: d.source, call: d.call, code: d.code, message: d.message, body: d.body, times: d.times,
  first_at: toString(d.first_at), last_at: toString(d.last_at)} AS letter
