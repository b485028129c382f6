// record_suggestions($rows, $run) -> write
// Customers who may be one, as this look at all of them found.
UNWIND $asked.rows AS row
MERGE (s:MergeSuggestion {id: row.id})
SET s.one_id = row.one, s.other_id = row.other, s.score = row.score, s.reasons = row.reasons, s.order_key = row.order_key, s.run = $asked.run
