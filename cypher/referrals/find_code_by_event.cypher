// find_code_by_event($key) -> one ReferralCode
MATCH (s:Event {key: $asked.key})<-[:OFFERS]-(i:Identifier)
USING INDEX SEEK s:Event(key)
RETURN s {.id, .code, .channel, .campaign, place: substring(s.code_key, size(i.id) + 1), created_at: toString(s.created_at),
  expires_at: toString(s.expires_at)} AS code
