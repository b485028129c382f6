// load_campaigns($keys, $ids) -> many Campaign
// Campaigns by key or by id.
CALL () {
  UNWIND $asked.keys AS key
  MATCH (campaign:Campaign {key: key})
  USING INDEX SEEK campaign:Campaign(key)
  RETURN campaign
  UNION
  UNWIND $asked.ids AS id
  MATCH (campaign:Campaign {id: id})
  USING INDEX SEEK campaign:Campaign(id)
  RETURN campaign
}
RETURN campaign {.id, .key, .label} AS campaign
