// count_deadletters() -> one
MATCH (d:DeadLetter)
USING INDEX SEEK d:DeadLetter(id)
WHERE d.id >= ''
RETURN count(d) AS count
