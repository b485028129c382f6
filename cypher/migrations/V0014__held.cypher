// What is held is asked to remove a property that it never has, see customers/lock_customers.cypher. To remove what has no name at
// all holds nothing, so the name is made here.
CALL db.createProperty('held');
// Nothing seeks by it: merges are paged by their order key.
DROP INDEX merge_merged_at IF EXISTS;
