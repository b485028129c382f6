// load_channels($keys, $ids, $first) -> many Channel
// Channels by key or by id, and the first ones of all in order of key.
CALL () {
  UNWIND $asked.keys AS key
  MATCH (channel:Channel {key: key})
  USING INDEX SEEK channel:Channel(key)
  RETURN channel
  UNION
  UNWIND $asked.ids AS id
  MATCH (channel:Channel {id: id})
  USING INDEX SEEK channel:Channel(id)
  RETURN channel
  UNION
  MATCH (channel:Channel)
  USING INDEX SEEK channel:Channel(key)
  WHERE channel.key > ''
  RETURN channel
  ORDER BY channel.key
  LIMIT $asked.first
}
WITH channel
ORDER BY channel.key
RETURN channel {.id, .key, .label, .channel_kind} AS channel
