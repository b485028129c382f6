// forget_deadletters($ids) -> write
UNWIND $asked.ids AS id
MATCH (d:DeadLetter {id: id})
DELETE d
