// Customers who may be one: see V0004__names.cypher.
CREATE CONSTRAINT merge_suggestion_id IF NOT EXISTS FOR (s:MergeSuggestion) REQUIRE s.id IS UNIQUE;
CREATE INDEX merge_suggestion_order_key IF NOT EXISTS FOR (s:MergeSuggestion) ON (s.order_key);
CALL db.createLabel('MergeSuggestion');
UNWIND ['one_id', 'other_id', 'reasons', 'run', 'score'] AS name
CALL db.createProperty(name);
