// count_codes($customer_id) -> one int
MATCH (named:Identifier {customer_id: $asked.customer_id})<-[:IDENTIFIED_BY]-(c:Customer)
USING INDEX SEEK named:Identifier(customer_id)
MATCH (c)-[:IDENTIFIED_BY]->(i:Identifier)
RETURN sum(COUNT { (i)-[:OFFERS]->() }) AS codes
