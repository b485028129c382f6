// count_deadletters() -> one
MATCH (d:DeadLetter)
WHERE d.id >= ''
RETURN count(d) AS count
