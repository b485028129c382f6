// count_deadletters($source) -> one
// Of one source, or (null) of all.
MATCH (d:DeadLetter)
USING INDEX SEEK d:DeadLetter(id)
WHERE d.id >= '' AND ($asked.source IS NULL OR d.source = $asked.source)
RETURN count(d) AS count
