// load_products($skus, $known, $ids) -> one Products
// Products by what sources call them, or by id: many of them, in one row, which costs the driver a tenth of as many rows.
// Of a sku whose product is `known` to have been written to so often, and has been no more, it is only said that it is unchanged.
CALL () {
  UNWIND range(0, size($asked.skus) - 1) AS place
  MATCH (product:Product {sku: $asked.skus[place]})
  USING INDEX SEEK product:Product(sku)
  RETURN product, coalesce(product.writes, 0) = coalesce($asked.known[place], -1) AS unchanged
  UNION
  UNWIND $asked.ids AS id
  MATCH (product:Product {id: id})
  USING INDEX SEEK product:Product(id)
  RETURN product, false AS unchanged
}
RETURN {
  products: collect(CASE WHEN unchanged THEN null ELSE product {.id, .sku, .title, .rating_sum, .review_count,
    writes: coalesce(product.writes, 0), category: coalesce(product.category, []),
    price: CASE WHEN product.price IS NOT NULL THEN {amount: product.price, currency: product.currency} END} END),
  unchanged: collect(CASE WHEN unchanged THEN product.sku END)
} AS found
