// find_acceptances($customer_ids) -> one
// All acceptances by these customers, each with the advocate it names, its place in the forest, and all that decides what becomes
// of it.
UNWIND $asked.customer_ids AS id
MATCH (c:Customer {id: id})-[:IDENTIFIED_BY]->(:Identifier)<-[:BROUGHT]-(r:Referral)
// Apart, for one who accepts their own invitation comes and goes by the same edge.
USING INDEX SEEK c:Customer(id)
MATCH (r)<-[:INVITED]-(:Identifier)<-[:IDENTIFIED_BY]-(advocate:Customer)
RETURN collect({friend: id, advocate: advocate.id, referral: r.id, at: toString(r.accepted_at),
  order: r.accepted_at.epochMillis * 1000 + r.accepted_at.microsecond % 1000,
  lapsed_at: toString(r.lapsed_at), flagged: r.flags IS NOT NULL, approved: r.approved, reviewed_at: toString(r.reviewed_at), review_reason: r.review_reason,
  place: head([(c)<-[pointer:REFERRED|RING_CLOSED]-(:Customer) WHERE pointer.referral = r.id | type(pointer)]),
  state: {status: r.referral_status, ended_at: toString(r.ended_at), ended_reason: r.ended_reason,
    qualified_at: toString(r.qualified_at), qualified_by: r.qualified_by}}) AS acceptances
