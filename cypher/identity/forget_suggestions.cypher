// forget_suggestions($run) -> write
// Suggestions that the last look at all customers didn't find any more.
MATCH (s:MergeSuggestion)
USING INDEX SEEK s:MergeSuggestion(order_key)
WHERE s.order_key >= '' AND s.run <> $asked.run
DELETE s
