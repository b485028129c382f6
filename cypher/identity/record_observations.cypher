// record_observations($rows) -> write
// Every observation of traits, as it was stated.
UNWIND $asked.rows AS row
MATCH (i:Identifier {id: row.identifier})
USING INDEX SEEK i:Identifier(id)
CREATE (i)-[:OBSERVED]->(:Observation:Event {
  key: row.key, body_hash: row.body_hash, at: datetime(row.at), source: row.source, traits: row.traits})
