// forget_old_answers($before, $limit) -> one
// Answers that were kept for as long as was promised; how many they were.
MATCH (old:Answer)
USING INDEX SEEK old:Answer(at)
WHERE old.at < datetime($asked.before)
WITH old LIMIT $asked.limit
DELETE old
RETURN count(*) AS forgotten
