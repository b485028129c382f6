// Whom a customer brought in, in the order of the time, and what each of them is worth, as edges of the forest have it.
CREATE RANGE INDEX referred_member_key IF NOT EXISTS FOR ()-[r:REFERRED]-() ON (r.member_key);
UNWIND ['converted'] AS name
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
} IN TRANSACTIONS OF 5000 ROWS;
