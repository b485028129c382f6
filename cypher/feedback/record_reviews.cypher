// record_reviews($rows) -> write
UNWIND $asked.rows AS row
MATCH (i:Identifier {id: row.identifier})
USING INDEX SEEK i:Identifier(id)
CREATE (i)-[:WROTE]->(review:Review:TimelineEntry:Event {
  id: row.id, key: row.key, body_hash: row.body_hash, at: datetime(row.at), kind: 'REVIEW', channel: row.channel,
  timeline_key: row.timeline_key, kind_key: row.kind_key, rating: row.rating, title: row.title, text: row.text, sku: row.sku,
  purchase_key: row.purchase_key})
WITH review
WHERE review.sku IS NOT NULL
MATCH (p:Product {sku: review.sku})
USING INDEX SEEK p:Product(sku)
CREATE (review)-[:OF]->(p)
