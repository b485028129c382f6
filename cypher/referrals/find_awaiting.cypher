// find_awaiting($rows, $days) -> one
// Which of these purchases can change what became of the referral that brought their buyers in, and whose referral it is. Rows are
// a customer, the id of a purchase, and its time.
UNWIND $asked.rows AS row
MATCH (friend:Customer {id: row[0]})<-[pointer:REFERRED]-(advocate:Customer)
USING INDEX SEEK friend:Customer(id)
MATCH (r:Referral:TimelineEntry {id: pointer.referral})
USING INDEX SEEK r:TimelineEntry(id)
WITH friend, advocate, row, r, datetime(row[2]) AS at
WHERE r.qualified_by = row[1]
  OR (at >= r.accepted_at AND at < r.accepted_at + duration({days: $asked.days}) AND (r.qualified_at IS NULL OR at <= r.qualified_at))
WITH DISTINCT friend.id AS friend, advocate.id AS advocate
ORDER BY friend, advocate
RETURN collect([friend, advocate]) AS awaiting
