// The model of docs/graph-model.md: what must be unique, and what is sought.

// Who: identifiers, and the customers they make up.
CREATE CONSTRAINT identifier_id IF NOT EXISTS FOR (i:Identifier) REQUIRE i.id IS UNIQUE;
CREATE CONSTRAINT identifier_customer_id IF NOT EXISTS FOR (i:Identifier) REQUIRE i.customer_id IS UNIQUE;
CREATE CONSTRAINT identifier_value IF NOT EXISTS FOR (i:Identifier) REQUIRE (i.type, i.value) IS UNIQUE;
CREATE CONSTRAINT customer_id IF NOT EXISTS FOR (c:Customer) REQUIRE c.id IS UNIQUE;

// What happened: each event once, each thing once, and one ordered key for each way of paging.
CREATE CONSTRAINT event_key IF NOT EXISTS FOR (e:Event) REQUIRE e.key IS UNIQUE;
CREATE CONSTRAINT timeline_entry_id IF NOT EXISTS FOR (t:TimelineEntry) REQUIRE t.id IS UNIQUE;
CREATE INDEX timeline_key IF NOT EXISTS FOR (t:TimelineEntry) ON (t.timeline_key);
CREATE INDEX timeline_kind_key IF NOT EXISTS FOR (t:TimelineEntry) ON (t.kind_key);
CREATE INDEX purchase_cart_key IF NOT EXISTS FOR (p:Purchase) ON (p.cart_key);
CREATE INDEX referral_code IF NOT EXISTS FOR (r:Referral) ON (r.code);
CREATE CONSTRAINT cart_id IF NOT EXISTS FOR (c:Cart) REQUIRE c.id IS UNIQUE;
CREATE INDEX cart_order_key IF NOT EXISTS FOR (c:Cart) ON (c.order_key);
CREATE CONSTRAINT thing_key IF NOT EXISTS FOR (t:Thing) REQUIRE t.thing_key IS UNIQUE;
CREATE INDEX statement_thing_key IF NOT EXISTS FOR (s:Statement) ON (s.thing_key);

// The catalogue: what events speak of.
CREATE CONSTRAINT channel_key IF NOT EXISTS FOR (c:Channel) REQUIRE c.key IS UNIQUE;
CREATE CONSTRAINT channel_id IF NOT EXISTS FOR (c:Channel) REQUIRE c.id IS UNIQUE;
CREATE CONSTRAINT campaign_key IF NOT EXISTS FOR (c:Campaign) REQUIRE c.key IS UNIQUE;
CREATE CONSTRAINT campaign_id IF NOT EXISTS FOR (c:Campaign) REQUIRE c.id IS UNIQUE;
CREATE CONSTRAINT product_sku IF NOT EXISTS FOR (p:Product) REQUIRE p.sku IS UNIQUE;
CREATE CONSTRAINT product_id IF NOT EXISTS FOR (p:Product) REQUIRE p.id IS UNIQUE;
CREATE CONSTRAINT category_path IF NOT EXISTS FOR (c:Category) REQUIRE c.path IS UNIQUE;

// Lists of customers, one index for each order. The id stands in the index too: any number of customers may share a name or a revenue.
CREATE INDEX customers_by_last_seen IF NOT EXISTS FOR (c:Customer) ON (c.last_seen_at, c.id);
CREATE INDEX customers_by_first_seen IF NOT EXISTS FOR (c:Customer) ON (c.first_seen_at, c.id);
CREATE INDEX customers_by_revenue IF NOT EXISTS FOR (c:Customer) ON (c.revenue, c.id);
CREATE INDEX customers_by_name IF NOT EXISTS FOR (c:Customer) ON (c.name_key, c.id);

// Search: words as graph/search.py writes them. The analyzer parts Japanese into single characters, found again as phrases; the
// folding one would drop words such as will, an and no, which are names. (Neo4j keeps one full-text index for a property: a
// second one with another analyzer is skipped without a word.)
CREATE FULLTEXT INDEX customer_words IF NOT EXISTS FOR (c:Customer) ON EACH [c.search_text]
  OPTIONS {indexConfig: {`fulltext.analyzer`: 'standard-no-stop-words', `fulltext.eventually_consistent`: false}};

// Rows still to be published after a commit.
CREATE INDEX outbox_customer IF NOT EXISTS FOR (o:Outbox) ON (o.customer, o.version);
