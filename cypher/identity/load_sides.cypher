// load_sides($id) -> one
// Of either side of a merge an id that its customer was ever given.
MATCH (m:Merge {id: $asked.id})
USING INDEX SEEK m:Merge(id)
CALL (m) {
  UNWIND [m.kept_identifiers[0], m.absorbed_identifiers[0]] AS first
  MATCH (one:Identifier {id: first})
  USING INDEX SEEK one:Identifier(id)
  RETURN collect(one.customer_id) AS sides
}
RETURN sides
