// Whom a customer brought in, in the order of the time, and what each of them is worth, as edges of the forest have it.
CREATE RANGE INDEX referred_member_key IF NOT EXISTS FOR ()-[r:REFERRED]-() ON (r.member_key);
CREATE RANGE INDEX referred_at IF NOT EXISTS FOR ()-[r:REFERRED]-() ON (r.at);

// What networks come to, by which advocates are ranked, and whose have still to be summed.
CREATE RANGE INDEX customers_by_network_revenue IF NOT EXISTS FOR (c:Customer) ON (c.network_revenue, c.id);
CREATE RANGE INDEX customers_by_network_size IF NOT EXISTS FOR (c:Customer) ON (c.network_size, c.id);
CREATE RANGE INDEX customers_by_converted IF NOT EXISTS FOR (c:Customer) ON (c.converted, c.id);
CREATE RANGE INDEX customers_by_network_depth IF NOT EXISTS FOR (c:Customer) ON (c.network_depth);
CREATE RANGE INDEX network_mark IF NOT EXISTS FOR (m:NetworkMark) ON (m.customer);

// What happened in a period, whoever did it.
CREATE RANGE INDEX purchase_at IF NOT EXISTS FOR (p:Purchase) ON (p.at);
CREATE RANGE INDEX referral_invited_at IF NOT EXISTS FOR (r:Referral) ON (r.invited_at);
CREATE RANGE INDEX referral_accepted_at IF NOT EXISTS FOR (r:Referral) ON (r.accepted_at);
UNWIND ['brought'] AS name
CALL db.createProperty(name);

// Edges from before: see record_pointers.
MATCH (advocate:Customer)-[pointer:REFERRED]->(friend:Customer)
CALL (advocate, pointer, friend) {
  MATCH (r:TimelineEntry {id: pointer.referral})
  WITH r, datetime({datetime: pointer.at, timezone: 'Z'}) AS at
  SET pointer.converted = CASE WHEN r.qualified_at IS NOT NULL AND r.referral_status <> 'REVERSED' THEN 1 ELSE 0 END,
    pointer.member_key = advocate.id + '/' + replace(left(toString(date(at)), 10), '-', '') + 'T' +
      replace(left(toString(localtime({hour: at.hour, minute: at.minute, second: at.second, microsecond: 1})), 8), ':', '') + '.' +
      right('00000' + toString(at.microsecond), 6) + 'Z/' + friend.id
  FOREACH (name IN [name IN keys(friend) WHERE name STARTS WITH 'revenue_'] |
    SET pointer['net_' + substring(name, 8)] = friend[name] - coalesce(friend['refunds_' + substring(name, 8)], 0))
  CREATE (:NetworkMark {customer: advocate.id, at: datetime()})
} IN TRANSACTIONS OF 5000 ROWS;
