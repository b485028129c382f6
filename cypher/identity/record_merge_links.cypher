// record_merge_links($rows) -> write
// Evidence that somebody stated by hand: one of its own each time.
UNWIND $asked.rows AS row
MATCH (a:Identifier {id: row.a})
USING INDEX SEEK a:Identifier(id)
MATCH (b:Identifier {id: row.b})
USING INDEX SEEK b:Identifier(id)
CREATE (a)-[:LINKED {rule: 'merge', source: row.source, at: datetime(row.at), event: row.event, strength: row.strength, standing: true,
  kept: row.kept, lifts: row.lifts}]->(b)
