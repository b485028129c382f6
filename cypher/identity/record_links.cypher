// record_links($rows) -> write
// Evidence that two identifiers are one person; of the same evidence stated again the earliest counts.
UNWIND $asked.rows AS row
MATCH (a:Identifier {id: row.a})
USING INDEX SEEK a:Identifier(id)
MATCH (b:Identifier {id: row.b})
USING INDEX SEEK b:Identifier(id)
MERGE (a)-[link:LINKED {rule: row.rule}]->(b)
ON CREATE SET link.source = row.source, link.at = datetime(row.at), link.event = row.event, link.strength = row.strength, link.standing = true
ON MATCH SET link.source = CASE WHEN datetime(row.at) < link.at THEN row.source ELSE link.source END,
  link.event = CASE WHEN datetime(row.at) < link.at THEN row.event ELSE link.event END,
  link.at = CASE WHEN datetime(row.at) < link.at THEN datetime(row.at) ELSE link.at END
