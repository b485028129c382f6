// load_products($skus, $ids) -> one Products
// Products by what sources call them, or by id: many of them, in one row, which costs the driver a tenth of as many rows.
CALL () {
  UNWIND $asked.skus AS sku
  MATCH (product:Product {sku: sku})
  USING INDEX SEEK product:Product(sku)
  RETURN product
  UNION
  UNWIND $asked.ids AS id
  MATCH (product:Product {id: id})
  USING INDEX SEEK product:Product(id)
  RETURN product
}
RETURN {products: collect(product {.id, .sku, .title, .rating_sum, .review_count, category: coalesce(product.category, []),
  price: CASE WHEN product.price IS NOT NULL THEN {amount: product.price, currency: product.currency} END})} AS found
