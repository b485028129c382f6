// load_undoable($ids) -> many Undoable
// Merges that are to be undone, by their ids, with the customer ids that all identifiers of both sides were given.
UNWIND $asked.ids AS id
MATCH (m:Merge {id: id})
USING INDEX SEEK m:Merge(id)
RETURN {id: m.id, kept: m.kept_id, absorbed: m.absorbed_id, kept_identifiers: m.kept_identifiers,
  absorbed_identifiers: m.absorbed_identifiers, event: m.key, link: m.link, undone_at: toString(m.undone_at),
  customer_ids: COLLECT {
    UNWIND m.kept_identifiers + m.absorbed_identifiers AS identifier
    MATCH (i:Identifier {id: identifier})
    USING INDEX SEEK i:Identifier(id)
    RETURN i.customer_id
  }} AS merge
