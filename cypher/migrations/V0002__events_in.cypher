// First answers: of requests with an idempotency key, and receipts of transactions whose commit may go unheard.
CREATE CONSTRAINT answer_key IF NOT EXISTS FOR (a:Answer) REQUIRE a.key IS UNIQUE;
CREATE INDEX answer_at IF NOT EXISTS FOR (a:Answer) ON (a.at);
// What all processes agree on about the cache.
CREATE CONSTRAINT cache_epoch_name IF NOT EXISTS FOR (e:CacheEpoch) REQUIRE e.name IS UNIQUE;
// What could not be kept.
CREATE CONSTRAINT dead_letter_key IF NOT EXISTS FOR (d:DeadLetter) REQUIRE d.key IS UNIQUE;
CREATE CONSTRAINT dead_letter_id IF NOT EXISTS FOR (d:DeadLetter) REQUIRE d.id IS UNIQUE;
// Reviews are tied to purchases that come after them.
CREATE INDEX review_purchase_key IF NOT EXISTS FOR (r:Review) ON (r.purchase_key);
