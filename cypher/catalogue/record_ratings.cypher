// record_ratings($rows) -> write
UNWIND $asked.rows AS row
MATCH (p:Product {sku: row.sku})
SET p.rating_sum = coalesce(p.rating_sum, 0) + row.rating_sum, p.review_count = coalesce(p.review_count, 0) + row.review_count
