// record_product_changes($rows) -> write
// Products as they are now known: title, category and price are each what the newest event stated. That is asked again here,
// for another transaction may have written since: the product is held before anything of it is read, see
// customers/lock_customers.cypher.
UNWIND $asked.rows AS row
MATCH (p:Product {sku: row.sku})
USING INDEX SEEK p:Product(sku)
REMOVE p.held
WITH p, row, p.rating_sum + row.rating_sum AS rating_sum, p.review_count + row.review_count AS review_count,
  coalesce(p.writes, 0) + 1 AS writes, row.titled > p.titled AS titled, row.priced > p.priced AS priced
SET p.rating_sum = rating_sum, p.review_count = review_count, p.writes = writes
FOREACH (_ IN CASE WHEN titled THEN [1] ELSE [] END | SET p.title = row.title, p.titled = row.titled)
FOREACH (_ IN CASE WHEN priced THEN [1] ELSE [] END | SET p.price = row.price, p.currency = row.currency, p.priced = row.priced)
WITH p, row
WHERE row.filed > p.filed
SET p.category = row.category, p.filed = row.filed
MERGE (category:Category {path: row.path})
WITH p, category
OPTIONAL MATCH (p)-[was:IN]->(other:Category)
WHERE other <> category
DELETE was
MERGE (p)-[:IN]->(category)
