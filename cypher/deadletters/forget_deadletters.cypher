// forget_deadletters($ids) -> one
// Letters leave for good; returns the ids of those that there were.
UNWIND $asked.ids AS id
MATCH (d:DeadLetter {id: id})
USING INDEX SEEK d:DeadLetter(id)
WITH d, d.id AS gone
DELETE d
RETURN collect(gone) AS gone
