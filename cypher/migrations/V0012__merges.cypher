// Merges, by whom and what they were undone: see V0004__names.cypher.
CREATE CONSTRAINT merge_id IF NOT EXISTS FOR (m:Merge) REQUIRE m.id IS UNIQUE;
CREATE INDEX merge_merged_at IF NOT EXISTS FOR (m:Merge) ON (m.merged_at);
UNWIND ['Merge', 'Undoing'] AS name
CALL db.createLabel(name);
UNWIND ['ABSORBED', 'KEPT', 'UNDOES'] AS name
CALL db.createRelationshipType(name);
UNWIND ['absorbed_id', 'absorbed_identifiers', 'actor', 'evidence', 'kept_id', 'kept_identifiers', 'lifts', 'link', 'merged_at'] AS name
CALL db.createProperty(name);
