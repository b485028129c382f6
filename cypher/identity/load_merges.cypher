// load_merges($ids) -> many Merge
// Merges by their ids; of each side an id that its customer was ever given.
UNWIND $asked.ids AS id
MATCH (m:Merge {id: id})
USING INDEX SEEK m:Merge(id)
CALL (m) {
  UNWIND [m.kept_identifiers[0], m.absorbed_identifiers[0]] AS first
  MATCH (one:Identifier {id: first})
  USING INDEX SEEK one:Identifier(id)
  RETURN collect(one.customer_id) AS sides
}
RETURN m {.id, .kept_id, .absorbed_id, .evidence, .actor, merged_at: toString(m.merged_at), undone_at: toString(m.undone_at),
  sides: sides} AS merge
