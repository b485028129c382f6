// record_standings($rows) -> write
// Why links are set aside, or nothing where they stand. Rows: from, to, rule, the event of what was stated by hand, why.
UNWIND $asked.rows AS row
MATCH (a:Identifier {id: row[0]})
USING INDEX SEEK a:Identifier(id)
MATCH (a)-[link:LINKED]->(b:Identifier)
WHERE b.id = row[1] AND link.rule = row[2] AND (row[3] = '' OR link.event = row[3])
SET link.aside = row[4], link.standing = row[4] IS NULL
