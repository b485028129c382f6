// record_campaigns($rows) -> write
UNWIND $asked.rows AS row
MERGE (campaign:Campaign {key: row.key})
ON CREATE SET campaign.id = row.id, campaign.label = row.key
