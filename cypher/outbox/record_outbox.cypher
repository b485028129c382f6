// record_outbox($receipt, $customers, $versions) -> write
// What is still to be published: the customers that this transaction touched, with the versions they have now.
CREATE (:Outbox {receipt: $asked.receipt, at: datetime(), customers: $asked.customers, versions: $asked.versions})
