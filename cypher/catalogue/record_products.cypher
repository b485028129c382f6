// record_products($rows) -> write
// Products as they are now known: titles and categories, and prices, are each the newest that a source stated.
UNWIND $asked.rows AS row
MERGE (p:Product {sku: row.sku})
ON CREATE SET p.id = row.id, p.rating_sum = 0, p.review_count = 0
SET p.title = row.title, p.category = row.category, p.described_at = datetime(row.described_at),
  p.price = row.price, p.currency = row.currency, p.priced_at = datetime(row.priced_at)
WITH p, row
WHERE row.path IS NOT NULL
MERGE (category:Category {path: row.path})
WITH p, category
OPTIONAL MATCH (p)-[was:IN]->(other:Category)
WHERE other <> category
DELETE was
MERGE (p)-[:IN]->(category)
