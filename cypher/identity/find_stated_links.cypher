// find_stated_links($rows) -> many FoundLink
// Links, in this order, whether they stand or not. Rows: from, to, as the way goes, the rule, and the event of what was stated by hand.
UNWIND $asked.rows AS row
MATCH (one:Identifier {id: row[0]})
USING INDEX SEEK one:Identifier(id)
CALL (one, row) {
  MATCH (other:Identifier {id: row[1]})
  USING INDEX SEEK other:Identifier(id)
  MATCH (one)-[link:LINKED]-(other)
  WHERE link.rule = row[2] AND (row[3] = '' OR link.event = row[3])
  RETURN link, other
}
RETURN {one: [one.id, one.type, one.value], other: [other.id, other.type, other.value], rule: link.rule,
  at: link.at.epochSeconds * 1000000 + link.at.microsecond, source: link.source, event: link.event} AS found
