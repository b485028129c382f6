// find_known($channels, $campaigns, $products) -> one
// What of the catalogue is there already; of products also what is known of each, and since when.
CALL () { UNWIND $asked.channels AS key MATCH (ch:Channel {key: key}) RETURN collect(ch.key) AS channels }
CALL () { UNWIND $asked.campaigns AS key MATCH (campaign:Campaign {key: key}) RETURN collect(campaign.key) AS campaigns }
CALL () {
  UNWIND $asked.products AS sku
  MATCH (p:Product {sku: sku})
  RETURN collect([p.sku, p.title, p.category, p.price, p.currency, p.described_at.epochMillis, p.priced_at.epochMillis]) AS products
}
RETURN {channels: channels, campaigns: campaigns, products: products} AS known
