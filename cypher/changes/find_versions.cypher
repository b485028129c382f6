// find_versions($ids) -> one
// The versions of these customers, those left out that are no more.
UNWIND $asked.ids AS id
MATCH (c:Customer {id: id})
USING INDEX SEEK c:Customer(id)
RETURN collect([c.id, c.version]) AS versions
