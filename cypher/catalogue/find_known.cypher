// find_known($channels, $campaigns, $products) -> one
// What of the catalogue is there already; of products also which event stated each part of what is known.
CALL () { UNWIND $asked.channels AS key MATCH (ch:Channel {key: key}) RETURN collect(ch.key) AS channels }
CALL () { UNWIND $asked.campaigns AS key MATCH (campaign:Campaign {key: key}) RETURN collect(campaign.key) AS campaigns }
CALL () {
  UNWIND $asked.products AS sku
  MATCH (p:Product {sku: sku})
  RETURN collect([p.sku, p.titled, p.filed, p.priced]) AS products
}
RETURN {channels: channels, campaigns: campaigns, products: products} AS known
