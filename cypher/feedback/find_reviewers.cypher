// find_reviewers($purchase_keys) -> one
// Customers who wrote reviews of these purchases.
UNWIND $asked.purchase_keys AS key
MATCH (r:Review {purchase_key: key})<-[:WROTE]-(:Identifier)<-[:IDENTIFIED_BY]-(c:Customer)
USING INDEX SEEK r:Review(purchase_key)
RETURN collect(DISTINCT c.id) AS reviewers
