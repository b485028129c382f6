// record_undone($rows) -> write
// Merges that somebody undid. The link of one by hand counts no more from now on; it stays to be seen.
UNWIND $asked.rows AS row
MATCH (m:Merge {id: row.merge})
USING INDEX SEEK m:Merge(id)
SET m.undone_at = datetime(row.at)
CREATE (:Undoing:Event {
  key: row.key, body_hash: row.body_hash, at: datetime(row.at), source: row.source, actor: row.actor, reason: row.reason
})-[:UNDOES]->(m)
WITH row
WHERE row.link IS NOT NULL
MATCH (a:Identifier {id: row.link[0]})
USING INDEX SEEK a:Identifier(id)
MATCH (a)-[link:LINKED {rule: 'merge', event: row.link[2]}]->(:Identifier)
SET link.undone_at = datetime(row.at), link.standing = false
