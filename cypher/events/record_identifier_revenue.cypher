// record_identifier_revenue($rows) -> write
UNWIND $asked.rows AS row
MATCH (i:Identifier {id: row.id})
USING INDEX SEEK i:Identifier(id)
SET i['revenue_' + row.currency] = coalesce(i['revenue_' + row.currency], 0) + row.revenue,
  i['refunds_' + row.currency] = coalesce(i['refunds_' + row.currency], 0) + row.refunds
