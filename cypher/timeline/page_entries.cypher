// page_entries($customer_id, $kinds, $backwards, $low, $high, $channels, $types, $statuses, $survey_kinds, $open, $limit) -> one EntryPage
// A page of a customer's timeline: one ordered seek for each identifier (and kind), merged. Newest first, or oldest first when backwards.
// Of the four branches three find nothing to unwind. The version is read first and last: where they differ a writer came in between.
// One map, for a plan is kept for each combination of types and sizes of parameters, but a map is a map.
MATCH (named:Identifier {customer_id: $asked.customer_id})<-[:IDENTIFIED_BY]-(c:Customer)
USING INDEX SEEK named:Identifier(customer_id)
WITH c, c.version AS version
CALL (c) {
  MATCH (c)-[:IDENTIFIED_BY]->(i:Identifier)
  RETURN collect(i) AS owned
}
CALL (owned) {
  UNWIND CASE WHEN $asked.kinds IS NULL AND NOT $asked.backwards THEN owned ELSE [] END AS i
  CALL (i) {
    MATCH (t:TimelineEntry)
    USING INDEX SEEK t:TimelineEntry(timeline_key)
    WHERE t.timeline_key > i.id + '/' + $asked.low AND t.timeline_key < i.id + '/' + $asked.high
      AND ($asked.channels IS NULL OR t.channel IN $asked.channels) AND ($asked.types IS NULL OR t.type IN $asked.types)
      AND ($asked.statuses IS NULL OR coalesce(t.purchase_status, t.communication_status,
        CASE WHEN t.referral_status = 'INVITED' AND t.expires_at <= datetime() THEN 'EXPIRED' ELSE t.referral_status END) IN $asked.statuses)
      AND ($asked.survey_kinds IS NULL OR t.survey_kind IN $asked.survey_kinds) AND ($asked.open IS NULL OR (t.closed_at IS NULL) = $asked.open)
    RETURN t
    ORDER BY t.timeline_key DESC
    LIMIT $asked.limit
  }
  RETURN i, t
  ORDER BY substring(t.timeline_key, size(i.id) + 1) DESC
  LIMIT $asked.limit
  UNION ALL
  UNWIND CASE WHEN $asked.kinds IS NULL AND $asked.backwards THEN owned ELSE [] END AS i
  CALL (i) {
    MATCH (t:TimelineEntry)
    USING INDEX SEEK t:TimelineEntry(timeline_key)
    WHERE t.timeline_key > i.id + '/' + $asked.low AND t.timeline_key < i.id + '/' + $asked.high
      AND ($asked.channels IS NULL OR t.channel IN $asked.channels) AND ($asked.types IS NULL OR t.type IN $asked.types)
      AND ($asked.statuses IS NULL OR coalesce(t.purchase_status, t.communication_status,
        CASE WHEN t.referral_status = 'INVITED' AND t.expires_at <= datetime() THEN 'EXPIRED' ELSE t.referral_status END) IN $asked.statuses)
      AND ($asked.survey_kinds IS NULL OR t.survey_kind IN $asked.survey_kinds) AND ($asked.open IS NULL OR (t.closed_at IS NULL) = $asked.open)
    RETURN t
    ORDER BY t.timeline_key
    LIMIT $asked.limit
  }
  RETURN i, t
  ORDER BY substring(t.timeline_key, size(i.id) + 1)
  LIMIT $asked.limit
  UNION ALL
  UNWIND CASE WHEN NOT $asked.backwards THEN $asked.kinds ELSE [] END AS kind
  UNWIND owned AS i
  CALL (i, kind) {
    MATCH (t:TimelineEntry)
    USING INDEX SEEK t:TimelineEntry(kind_key)
    WHERE t.kind_key > i.id + '/' + kind + '/' + $asked.low AND t.kind_key < i.id + '/' + kind + '/' + $asked.high
      AND ($asked.channels IS NULL OR t.channel IN $asked.channels) AND ($asked.types IS NULL OR t.type IN $asked.types)
      AND ($asked.statuses IS NULL OR coalesce(t.purchase_status, t.communication_status,
        CASE WHEN t.referral_status = 'INVITED' AND t.expires_at <= datetime() THEN 'EXPIRED' ELSE t.referral_status END) IN $asked.statuses)
      AND ($asked.survey_kinds IS NULL OR t.survey_kind IN $asked.survey_kinds) AND ($asked.open IS NULL OR (t.closed_at IS NULL) = $asked.open)
    RETURN t
    ORDER BY t.kind_key DESC
    LIMIT $asked.limit
  }
  RETURN i, t
  ORDER BY substring(t.kind_key, size(i.id) + size(kind) + 2) DESC
  LIMIT $asked.limit
  UNION ALL
  UNWIND CASE WHEN $asked.backwards THEN $asked.kinds ELSE [] END AS kind
  UNWIND owned AS i
  CALL (i, kind) {
    MATCH (t:TimelineEntry)
    USING INDEX SEEK t:TimelineEntry(kind_key)
    WHERE t.kind_key > i.id + '/' + kind + '/' + $asked.low AND t.kind_key < i.id + '/' + kind + '/' + $asked.high
      AND ($asked.channels IS NULL OR t.channel IN $asked.channels) AND ($asked.types IS NULL OR t.type IN $asked.types)
      AND ($asked.statuses IS NULL OR coalesce(t.purchase_status, t.communication_status,
        CASE WHEN t.referral_status = 'INVITED' AND t.expires_at <= datetime() THEN 'EXPIRED' ELSE t.referral_status END) IN $asked.statuses)
      AND ($asked.survey_kinds IS NULL OR t.survey_kind IN $asked.survey_kinds) AND ($asked.open IS NULL OR (t.closed_at IS NULL) = $asked.open)
    RETURN t
    ORDER BY t.kind_key
    LIMIT $asked.limit
  }
  RETURN i, t
  ORDER BY substring(t.kind_key, size(i.id) + size(kind) + 2)
  LIMIT $asked.limit
}
WITH c, version, collect(
  CASE t.kind
    WHEN 'TOUCHPOINT' THEN t {.id, .kind, at: toString(t.at), .channel, .type, .campaign, .session, .duration_seconds, .url, .sku, .properties}
    WHEN 'PURCHASE' THEN t {.id, .kind, at: toString(t.at), .channel, .campaign, .number, .source, .purchase_status, .coupon,
      status_history: [n IN range(0, size(t.statuses) - 1) | {purchase_status: t.statuses[n], at: toString(t.status_times[n])}],
      total: CASE WHEN t.total IS NOT NULL THEN {amount: t.total, currency: t.currency} END,
      refunded: CASE WHEN t.refunded IS NOT NULL THEN {amount: t.refunded, currency: t.currency} END,
      items: COLLECT {
        MATCH (t)-[line:CONTAINS]->(product:Product)
        RETURN {sku: product.sku, quantity: line.quantity,
          unit_price: CASE WHEN line.unit_price IS NOT NULL THEN {amount: line.unit_price, currency: line.currency} END,
          discount: CASE WHEN line.discount IS NOT NULL THEN {amount: line.discount, currency: line.currency} END,
          total: CASE WHEN line.total IS NOT NULL THEN {amount: line.total, currency: line.currency} END}
        ORDER BY line.position}}
    WHEN 'REVIEW' THEN t {.id, .kind, at: toString(t.at), .channel, .rating, .title, .text, .sku,
      purchase_id: head(COLLECT { MATCH (purchase:Thing {thing_key: t.purchase_key}) USING INDEX SEEK purchase:Thing(thing_key) RETURN purchase.id })}
    WHEN 'SURVEY_RESPONSE' THEN t {.id, .kind, at: toString(t.at), .channel, .survey, .survey_kind, .score, .comment}
    WHEN 'CASE' THEN t {.id, .kind, at: toString(t.at), .channel, .number, .subject, .complaint, .priority, .resolution, .deflected,
      opened_at: toString(t.opened_at), first_response_at: toString(t.first_response_at), closed_at: toString(t.closed_at)}
    WHEN 'COMMUNICATION' THEN t {.id, .kind, at: toString(t.at), .channel, .campaign, .communication_status, .purpose, .offer,
      planned_at: toString(t.planned_at), sent_at: toString(t.sent_at)}
    WHEN 'REFERRAL' THEN t {.id, .kind, at: toString(t.at), .channel, .campaign, .referral_status, .code, .ended_reason, .flags,
      invited_at: toString(t.invited_at), accepted_at: toString(t.accepted_at), expires_at: toString(t.expires_at), qualified_at: toString(t.qualified_at),
      ended_at: toString(t.ended_at), advocate_id: i.customer_id,
      friend_id: head(COLLECT { MATCH (t)-[:BROUGHT]->(friend:Identifier) RETURN friend.customer_id }),
      invitee: head(COLLECT {
        MATCH (t)-[:INVITEE]->(f:Identifier)
        RETURN f {.type, .value, .customer_id}})}
  END
) AS entries
MATCH (again:Customer {id: c.id})
USING INDEX SEEK again:Customer(id)
RETURN {version_before: version, version_after: again.version, entries: entries} AS page
