// forget_suggestions($run) -> write
// Suggestions of looks at all customers before this one, which didn't find them any more.
MATCH (s:MergeSuggestion)
USING INDEX SEEK s:MergeSuggestion(order_key)
WHERE s.order_key >= '' AND s.run < $asked.run
DELETE s
