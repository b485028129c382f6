// What a shop's program does with Segment's library for Node.js: HOST and WRITE_KEY.
import { Analytics } from "@segment/analytics-node";

const [host, writeKey] = process.argv.slice(2);
const analytics = new Analytics({ writeKey, host, maxRetries: 8, flushInterval: 200 });
const failures = [];
analytics.on("error", (error) => failures.push(error));

analytics.identify({ userId: "ana", anonymousId: "a-1", traits: { name: "Ana Ruiz", email: "ana@example.com" } });
for (let number = 0; number < 40; number++) {
  analytics.track({ userId: "ana", event: "Product Viewed", properties: { product_id: `p${number}` } });
}
analytics.page({ userId: "ana", category: "Docs", name: "Node", properties: { url: "https://shop.example/" } });
analytics.screen({ userId: "ana", name: "Home" });
analytics.group({ userId: "ana", groupId: "acme", traits: { name: "Acme" } });
analytics.alias({ previousId: "a-2", userId: "ana" });
const products = [{ sku: "p1", price: 19.99, quantity: 1 }];
analytics.track({
  userId: "ana",
  event: "Order Completed",
  properties: { order_id: "1", total: 19.99, products },
  timestamp: new Date("2024-01-02T00:00:00Z"),
});
await analytics.closeAndFlush({ timeout: 90_000 });
if (failures.length > 0) {
  console.error("not delivered:", failures);
  process.exit(1);
}
