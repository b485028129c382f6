// record_products($rows) -> write
// Products that are named for the first time; what is said of them follows at the end, for it is held until the commit.
UNWIND $asked.rows AS row
MERGE (p:Product {sku: row.sku})
ON CREATE SET p.id = row.id, p.rating_sum = 0, p.review_count = 0, p.titled = '', p.filed = '', p.priced = ''
