// record_product_changes($rows) -> write
// Products as they are now known: title, category and price are each what the newest event stated. That is asked again here,
// for another transaction may have written since: a sum that reads itself holds the product before anything else is read.
UNWIND $asked.rows AS row
MATCH (p:Product {sku: row.sku})
USING INDEX SEEK p:Product(sku)
SET p.rating_sum = p.rating_sum + row.rating_sum
SET p.review_count = p.review_count + row.review_count, p.writes = coalesce(p.writes, 0) + 1,
  p.title = CASE WHEN row.titled > p.titled THEN row.title ELSE p.title END,
  p.titled = CASE WHEN row.titled > p.titled THEN row.titled ELSE p.titled END,
  p.price = CASE WHEN row.priced > p.priced THEN row.price ELSE p.price END,
  p.currency = CASE WHEN row.priced > p.priced THEN row.currency ELSE p.currency END,
  p.priced = CASE WHEN row.priced > p.priced THEN row.priced ELSE p.priced END
WITH p, row
WHERE row.filed > p.filed
SET p.category = row.category, p.filed = row.filed
MERGE (category:Category {path: row.path})
WITH p, category
OPTIONAL MATCH (p)-[was:IN]->(other:Category)
WHERE other <> category
DELETE was
MERGE (p)-[:IN]->(category)
