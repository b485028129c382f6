// record_trait_states($rows) -> write
// What is known of the traits of identifiers. Where that is something else than before, of somebody who has to do with referrals, a
// mark tells that these are to be looked at.
UNWIND $asked.rows AS row
MATCH (i:Identifier {id: row.identifier})
USING INDEX SEEK i:Identifier(id)
WITH i, row, coalesce(i.trait_state, '') <> row.trait_state AS changed
SET i.trait_state = row.trait_state
WITH i, changed
WHERE changed
MATCH (i)<-[:IDENTIFIED_BY]-(c:Customer)
WHERE EXISTS { MATCH (c)-[:IDENTIFIED_BY]->(:Identifier)<-[:BROUGHT]-(:Referral) }
  OR EXISTS { MATCH (c)-[:IDENTIFIED_BY]->(:Identifier)-[:INVITED]->(:Referral) }
CREATE (:SuspicionMark {customer: c.id, at: datetime()})
