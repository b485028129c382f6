"""What a shop's program does with Segment's library for Python; run by an interpreter that has it: HOST and WRITE_KEY."""

import sys
from datetime import UTC, datetime

import segment.analytics

host, write_key = sys.argv[1:]
errors = []
client = segment.analytics.Client(
    write_key, host=host, on_error=lambda error, messages: errors.append(error), gzip=True, max_retries=8
)
client.identify("ana", {"name": "Ana Ruiz", "email": "ana@example.com"}, anonymous_id="a-1")
for number in range(40):
    client.track("ana", "Product Viewed", {"product_id": f"p{number}"})
client.page("ana", "Docs", "Python", {"url": "https://shop.example/"})
client.screen("ana", "Home")
client.group("ana", "acme", {"name": "Acme"})
client.alias("a-2", "ana")
order = {"order_id": "1", "total": 19.99, "products": [{"sku": "p1", "price": 19.99, "quantity": 1}]}
client.track("ana", "Order Completed", order, timestamp=datetime(2024, 1, 2, tzinfo=UTC))
# Not shutdown at once: it gives up on what has yet to be sent again.
client.flush()
client.shutdown()
if errors:
    sys.exit(f"not delivered: {errors}")
