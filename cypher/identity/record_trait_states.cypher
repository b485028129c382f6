// record_trait_states($rows) -> write
UNWIND $asked.rows AS row
MATCH (i:Identifier {id: row.identifier})
USING INDEX SEEK i:Identifier(id)
SET i.trait_state = row.trait_state
