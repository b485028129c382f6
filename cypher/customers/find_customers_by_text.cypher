// find_customers_by_text($query, $limit) -> many CustomerRow
// Best match first; `query` is Lucene's syntax, as graph/search.py writes it.
CALL db.index.fulltext.queryNodes('customer_words', $asked.query, {limit: $asked.limit}) YIELD node, score
WITH node, score
ORDER BY score DESC, node.id
RETURN {id: node.id, key: score} AS customer
