// record_merges($rows) -> write
// The log of what became one: by hand, with the event that said so, or by evidence, now. `link`: the identifiers that were named.
UNWIND $asked.rows AS row
MATCH (kept:Identifier {customer_id: row.kept})
USING INDEX SEEK kept:Identifier(customer_id)
MATCH (absorbed:Identifier {customer_id: row.absorbed})
USING INDEX SEEK absorbed:Identifier(customer_id)
CREATE (kept)<-[:KEPT]-(m:Merge {
  id: row.id, merged_at: coalesce(datetime(row.at), datetime()), kept_id: row.kept, absorbed_id: row.absorbed,
  kept_identifiers: row.kept_identifiers, absorbed_identifiers: row.absorbed_identifiers, evidence: row.evidence, link: row.link,
  source: row.source, actor: row.actor, reason: row.reason
})-[:ABSORBED]->(absorbed)
WITH m, row
WHERE row.key IS NOT NULL
SET m:Event, m.key = row.key, m.body_hash = row.body_hash
