// find_edge_facts($customer_ids) -> many EdgeFacts
// What stands on the edges that lead to these customers in the forest of referrals, beside what it follows from.
UNWIND $asked.customer_ids AS id
MATCH (c:Customer {id: id})<-[pointer:REFERRED]-(advocate:Customer)
USING INDEX SEEK c:Customer(id)
MATCH (r:Referral:TimelineEntry {id: pointer.referral})
USING INDEX SEEK r:TimelineEntry(id)
RETURN {
  friend: c.id, advocate: advocate.id, accepted_at: toString(r.accepted_at), status: r.referral_status,
  qualified: r.qualified_at IS NOT NULL,
  sums: [name IN keys(c) WHERE name STARTS WITH 'revenue_' OR name STARTS WITH 'refunds_' | [name, c[name]]],
  kept: pointer {.converted, .member_key},
  kept_sums: [name IN keys(pointer) WHERE name STARTS WITH 'net_' | [name, pointer[name]]]
} AS facts
