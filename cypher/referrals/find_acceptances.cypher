// find_acceptances($customer_ids) -> one
// All acceptances by these customers, each with the advocate it names: what their candidate referrer is chosen from.
UNWIND $asked.customer_ids AS id
MATCH (c:Customer {id: id})-[:IDENTIFIED_BY]->(:Identifier)<-[:BROUGHT]-(r:Referral)
// Apart, for one who accepts their own invitation comes and goes by the same edge.
USING INDEX SEEK c:Customer(id)
MATCH (r)<-[:INVITED]-(:Identifier)<-[:IDENTIFIED_BY]-(advocate:Customer)
RETURN collect({friend: id, advocate: advocate.id, referral: r.id, at: toString(r.accepted_at), order: r.accepted_at.epochMillis * 1000 + r.accepted_at.microsecond % 1000, status: r.referral_status}) AS acceptances
