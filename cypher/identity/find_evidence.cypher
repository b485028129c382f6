// find_evidence($customer_ids) -> one
// The identifiers of these customers, and all that ever linked them with others or with each other, or parted them, in an order that
// is always the same.
UNWIND $asked.customer_ids AS id
MATCH (c:Customer {id: id})
USING INDEX SEEK c:Customer(id)
WITH c ORDER BY id
RETURN collect({
  customer: c.id, contested: coalesce(c.contested, false), erased: c.erased_at IS NOT NULL,
  identifiers: COLLECT {
    MATCH (c)-[:IDENTIFIED_BY]->(i:Identifier)
    RETURN [i.id, i.type, i.value, i.customer_id, i.first_seen_at.epochSeconds * 1000000 + i.first_seen_at.microsecond] ORDER BY i.id
  },
  links: COLLECT {
    MATCH (c)-[:IDENTIFIED_BY]->(:Identifier)-[link:LINKED]-(:Identifier)<-[:IDENTIFIED_BY]-(beyond:Customer)
    WHERE link.undone_at IS NULL
    WITH link, beyond, startNode(link) AS a, endNode(link) AS b
    RETURN [[a.id, a.type, a.value], [b.id, b.type, b.value], link.rule,
      link.at.epochSeconds * 1000000 + link.at.microsecond, link.source, link.event, link.kept, coalesce(link.lifts, []), link.aside, beyond.id]
    ORDER BY a.id, b.id, link.rule, link.event, beyond.id
  },
  vetoes: COLLECT {
    MATCH (c)-[:IDENTIFIED_BY]->(i:Identifier)<-[keeps:KEEPS_APART]-(veto:Veto)
    RETURN [veto.id, keeps.side, i.id] ORDER BY veto.id, i.id
  }
}) AS found
