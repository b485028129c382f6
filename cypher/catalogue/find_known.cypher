// find_known($channels, $campaigns, $products) -> one
// What of the catalogue is there already; of products also which event stated each part of what is known.
CALL () { UNWIND $asked.channels AS key MATCH (ch:Channel {key: key}) USING INDEX SEEK ch:Channel(key) RETURN collect(ch.key) AS channels }
CALL () { UNWIND $asked.campaigns AS key MATCH (campaign:Campaign {key: key}) USING INDEX SEEK campaign:Campaign(key) RETURN collect(campaign.key) AS campaigns }
CALL () {
  UNWIND $asked.products AS sku
  MATCH (p:Product {sku: sku})
  USING INDEX SEEK p:Product(sku)
  RETURN collect([p.sku, p.titled, p.filed, p.priced]) AS products
}
RETURN {channels: channels, campaigns: campaigns, products: products} AS known
