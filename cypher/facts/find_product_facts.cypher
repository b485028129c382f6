// find_product_facts($after, $limit) -> many ProductFacts
// The ratings that are kept of products, beside their reviews; in order of sku.
MATCH (p:Product)
USING INDEX SEEK p:Product(sku)
WHERE p.sku > $asked.after
WITH p ORDER BY p.sku LIMIT $asked.limit
CALL (p) {
  OPTIONAL MATCH (p)<-[:OF]-(review:Review)
  RETURN count(review) AS review_count, sum(review.rating) AS rating_sum
}
RETURN {
  sku: p.sku,
  kept: {rating_sum: coalesce(p.rating_sum, 0), review_count: coalesce(p.review_count, 0)},
  counted: {rating_sum: rating_sum, review_count: review_count}
} AS facts
