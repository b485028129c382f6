// A row of the outbox is all that one transaction touched: it was one for each customer. Names: see V0004__names.cypher.
UNWIND ['customers', 'receipt', 'versions'] AS name
CALL db.createProperty(name);
CREATE RANGE INDEX outbox_receipt IF NOT EXISTS FOR (o:Outbox) ON (o.receipt);
CREATE RANGE INDEX outbox_at IF NOT EXISTS FOR (o:Outbox) ON (o.at);
MATCH (o:Outbox)
WHERE o.customer IS NOT NULL
CALL (o) {
  SET o.receipt = randomUUID(), o.at = datetime(), o.customers = [o.customer], o.versions = [o.version]
  REMOVE o.customer, o.version
} IN TRANSACTIONS;
DROP INDEX outbox_customer IF EXISTS;
