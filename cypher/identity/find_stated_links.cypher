// find_stated_links($rows) -> many FoundLink
// Links, in this order, whether they stand or not. Rows: from, to, rule, and the event of what was stated by hand.
UNWIND $asked.rows AS row
MATCH (a:Identifier {id: row[0]})
USING INDEX SEEK a:Identifier(id)
MATCH (a)-[link:LINKED]->(b:Identifier)
WHERE b.id = row[1] AND link.rule = row[2] AND (row[3] = '' OR link.event = row[3])
RETURN {a: [a.id, a.type, a.value], b: [b.id, b.type, b.value], rule: link.rule,
  at: link.at.epochSeconds * 1000000 + link.at.microsecond, source: link.source, event: link.event} AS found
