// find_pointers($customer_ids) -> one
// The candidate referrers of these customers and of everyone above them, those that a ring set aside included.
// All the way up, or a ring could close: the bound is one that no chain comes to within the time of a statement.
UNWIND $asked.customer_ids AS id
MATCH (start:Customer {id: id})
USING INDEX SEEK start:Customer(id)
MATCH (start)<-[:REFERRED|RING_CLOSED*0..1000000]-(friend:Customer)
WITH DISTINCT friend
MATCH (friend)<-[pointer:REFERRED|RING_CLOSED]-(advocate:Customer)
RETURN collect({friend: friend.id, advocate: advocate.id, referral: pointer.referral, at: toString(pointer.at),
  order: pointer.at.epochMillis * 1000 + pointer.at.microsecond % 1000, closed: type(pointer) = 'RING_CLOSED'}) AS pointers
