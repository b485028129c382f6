// find_reviewed($ids) -> one
// Whose these referrals are, and whom they brought.
UNWIND $asked.ids AS id
MATCH (r:Referral:TimelineEntry {id: id})<-[:INVITED]-(advocate:Identifier)<-[:IDENTIFIED_BY]-(owner:Customer)
USING INDEX SEEK r:TimelineEntry(id)
OPTIONAL MATCH (r)-[:BROUGHT]->(:Identifier)<-[:IDENTIFIED_BY]-(friend:Customer)
RETURN collect({id: id, advocate: advocate.id, customer: owner.id, friend: friend.id}) AS reviewed
