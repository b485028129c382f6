// record_links($rows) -> write
// Evidence that two identifiers are one person; of the same evidence stated again the earliest counts, by time, source and event.
UNWIND $asked.rows AS row
MATCH (a:Identifier {id: row.a})
USING INDEX SEEK a:Identifier(id)
MATCH (b:Identifier {id: row.b})
USING INDEX SEEK b:Identifier(id)
MERGE (a)-[link:LINKED {rule: row.rule}]->(b)
ON CREATE SET link.source = row.source, link.at = datetime(row.at), link.event = row.event, link.strength = row.strength,
  link.aside = row.aside, link.standing = row.aside IS NULL
WITH link, row
WHERE datetime(row.at) < link.at
  OR (datetime(row.at) = link.at AND (row.source < link.source OR (row.source = link.source AND row.event < link.event)))
SET link.source = row.source, link.event = row.event, link.at = datetime(row.at)
