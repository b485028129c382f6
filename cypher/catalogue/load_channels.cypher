// load_channels($limit) -> many Channel
// All channels by key; there are few.
MATCH (channel:Channel)
WHERE channel.key > ''
WITH channel
ORDER BY channel.key
LIMIT $asked.limit
RETURN channel {.id, .key, .label, .channel_kind} AS channel
