// find_use_facts($ids) -> many UseFacts
// What is kept of the channels that these identifiers use, and what their touchpoints say of it.
UNWIND $asked.ids AS id
MATCH (i:Identifier {id: id})
USING INDEX SEEK i:Identifier(id)
CALL (i) {
  MATCH (i)-[:HAD]->(t:Touchpoint)
  WITH t.channel AS channel, count(*) AS touchpoints, min(t.at) AS first_at, max(t.at) AS last_at
  RETURN collect({channel: channel, touchpoints: touchpoints, purchases: 0, first_at: toString(first_at),
    last_at: toString(last_at)}) AS touched
}
RETURN {
  id: id, type: i.type, value: i.value, customer_id: i.customer_id,
  purchases: COUNT { (i)-[:MADE]->() },
  kept: COLLECT {
    MATCH (i)-[use:USES]->(channel:Channel)
    RETURN {channel: channel.key, touchpoints: coalesce(use.touchpoints, 0), purchases: coalesce(use.purchases, 0),
      first_at: toString(use.first_at), last_at: toString(use.last_at)}},
  touched: touched
} AS facts
