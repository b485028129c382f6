// Names of what says who is one person, and who is not: see V0004__names.cypher.
CREATE CONSTRAINT veto_id IF NOT EXISTS FOR (v:Veto) REQUIRE v.id IS UNIQUE;
UNWIND ['KEEPS_APART', 'LINKED'] AS name
CALL db.createRelationshipType(name);
UNWIND ['aside', 'contested', 'event', 'kept', 'rule', 'side', 'standing', 'strength', 'undone_at'] AS name
CALL db.createProperty(name);
