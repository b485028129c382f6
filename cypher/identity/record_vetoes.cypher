// record_vetoes($rows) -> write
// Statements that nobody on one side is anybody on the other. Sides: 'one' or 'other', and an identifier.
UNWIND $asked.rows AS row
CREATE (veto:Veto {id: row.id, at: datetime(row.at), source: row.source, actor: row.actor, reason: row.reason})
WITH veto, row
UNWIND row.sides AS side
MATCH (i:Identifier {id: side[1]})
USING INDEX SEEK i:Identifier(id)
CREATE (veto)-[:KEEPS_APART {side: side[0]}]->(i)
