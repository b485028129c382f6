// load_merges($ids) -> many Merge
// Merges by their ids.
UNWIND $asked.ids AS id
MATCH (m:Merge {id: id})
USING INDEX SEEK m:Merge(id)
RETURN m {.id, .kept_id, .absorbed_id, .evidence, .actor, merged_at: toString(m.merged_at), undone_at: toString(m.undone_at)} AS merge
