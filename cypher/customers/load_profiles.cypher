// load_profiles($keys, $kinds, $limit, $with_channels, $with_carts, $with_referred_by, $with_traits, $with_touchpoint_details) -> one ProfileRows
// The hot sets of many customers, each named by an id that one of its identifiers was given, or by an identifier.
// Many rows in one, which costs the driver a third of as many records. Counts say which kinds there are, and whether a customer has
// so few entries that all are read. The version is read first and last, the second time through the index: where they differ a
// writer came in between. What a write changes in place is read right after the first time, so that by the last its commit is whole.
UNWIND $asked.keys AS key
CALL (key) {
  MATCH (named:Identifier {customer_id: key.id})<-[:IDENTIFIED_BY]-(c:Customer)
  USING INDEX SEEK named:Identifier(customer_id)
  RETURN c
  UNION ALL
  MATCH (named:Identifier {type: key.type, value: key.value})<-[:IDENTIFIED_BY]-(c:Customer)
  USING INDEX SEEK named:Identifier(type, value)
  RETURN c
}
WITH key, c, c.version AS version
WITH key, c, version, c.addresses AS addresses, c.traits AS traits,
  CASE WHEN c.purchases > 0
    THEN [name IN keys(c) WHERE name STARTS WITH 'revenue_' OR name STARTS WITH 'refunds_' | [name, c[name]]]
    ELSE [] END AS sums,
  c {.id, .version, .name, .given_name, .family_name, .email, .phone, .birth_date, .gender, .locale, .time_zone, .country,
    first_seen_at: toString(c.first_seen_at), last_seen_at: toString(c.last_seen_at), erased_at: toString(c.erased_at),
    facts: {
      touchpoints: coalesce(c.touchpoints, 0), purchases: coalesce(c.purchases, 0), reviews: coalesce(c.reviews, 0),
      survey_responses: coalesce(c.survey_responses, 0), cases: coalesce(c.cases, 0),
      communications: coalesce(c.communications, 0), referrals: coalesce(c.referrals, 0), carts: coalesce(c.carts, 0),
      orders: coalesce(c.orders, 0), first_purchase_at: toString(c.first_purchase_at),
      last_purchase_at: toString(c.last_purchase_at)}} AS customer
WITH *, {TOUCHPOINT: customer.facts.touchpoints, PURCHASE: customer.facts.purchases, REVIEW: customer.facts.reviews,
  SURVEY_RESPONSE: customer.facts.survey_responses, CASE: customer.facts.cases, COMMUNICATION: customer.facts.communications,
  REFERRAL: customer.facts.referrals} AS counts
WITH *, [kind IN $asked.kinds WHERE counts[kind] > 0] AS kinds,
  reduce(sum = 0, kind IN keys(counts) | sum + counts[kind]) <= $asked.limit AS few
CALL (c) {
  MATCH (c)-[:IDENTIFIED_BY]->(i:Identifier)
  RETURN collect(i) AS owned
}
WITH *, [i IN owned | i {.type, .value, .verified, .source, first_seen_at: toString(i.first_seen_at),
    last_seen_at: toString(coalesce(i.last_seen_at, i.first_seen_at))}] AS identifiers,
  CASE WHEN $asked.with_traits THEN [i IN owned WHERE i.trait_state IS NOT NULL | i.trait_state] ELSE [] END AS trait_states
CALL (owned, kinds, few) {
  CALL (owned, kinds, few) {
    UNWIND CASE WHEN few AND size(kinds) > 0 THEN owned ELSE [] END AS i
    MATCH (i)-[:HAD|MADE|WROTE|ANSWERED|RAISED|WAS_SENT|INVITED]->(t:TimelineEntry)
    WHERE t.kind IN kinds
    RETURN i, t
    UNION ALL
    UNWIND CASE WHEN few THEN [] ELSE kinds END AS kind
    CALL (owned, kind) {
      UNWIND owned AS i
      WITH i, i.id + '/' + kind AS under
      CALL (under) {
        MATCH (t:TimelineEntry)
        USING INDEX SEEK t:TimelineEntry(kind_key)
        WHERE t.kind_key > under + '/' AND t.kind_key < under + '0'
        WITH t, t.kind_key AS place
        ORDER BY place DESC
        LIMIT $asked.limit
        RETURN t, place
      }
      WITH i, t, substring(place, size(under) + 1) AS place
      ORDER BY place DESC
      LIMIT $asked.limit
      RETURN i, t
    }
    RETURN i, t
  }
  RETURN collect(
    CASE WHEN t.kind = 'TOUCHPOINT' AND NOT $asked.with_touchpoint_details THEN t {.id, .kind, at: toString(t.at), .channel, .type} ELSE
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
    END
  ) AS entries
}
CALL (owned, customer) {
  UNWIND CASE WHEN $asked.with_carts AND customer.facts.carts > 0 THEN owned ELSE [] END AS i
  CALL (i) {
    MATCH (cart:Cart)
    USING INDEX SEEK cart:Cart(order_key)
    WHERE cart.order_key > i.id + '/' AND cart.order_key < i.id + '0'
    RETURN cart
    ORDER BY cart.order_key DESC
    LIMIT $asked.limit
  }
  WITH i, cart
  ORDER BY substring(cart.order_key, size(i.id) + 1) DESC
  LIMIT $asked.limit
  RETURN collect(
    cart {.id, opened_at: toString(cart.opened_at), updated_at: toString(cart.updated_at), .checkout_step,
      cart_total: CASE WHEN cart.total IS NOT NULL THEN {amount: cart.total, currency: cart.currency} END,
      purchase_id: coalesce(head(COLLECT { MATCH (cart)-[:BECAME]->(purchase:Purchase) RETURN purchase.id }),
        head(COLLECT { MATCH (purchase:Thing {thing_key: cart.purchase_key}) USING INDEX SEEK purchase:Thing(thing_key) RETURN purchase.id })),
      followed_by: CASE WHEN cart.purchase_key IS NULL AND NOT EXISTS { (cart)-[:BECAME]->() } THEN head(COLLECT {
        UNWIND owned AS o
        CALL (o, cart, i) {
          MATCH (p:TimelineEntry)
          WHERE p.kind_key > o.id + '/PURCHASE/' + substring(cart.order_key, size(i.id) + 1, 23) AND p.kind_key < o.id + '/PURCHASE0'
            AND p.at >= cart.updated_at AND p.cart_key IS NULL
          RETURN p
          ORDER BY p.kind_key
          LIMIT 1
        }
        WITH p
        ORDER BY p.at, p.id
        LIMIT 1
        WHERE NOT EXISTS {
          UNWIND owned AS holder
          MATCH (holder)-[:HAS]->(later:Cart)
          WHERE later.updated_at <= p.at AND later.purchase_key IS NULL AND NOT EXISTS { (later)-[:BECAME]->() }
            AND (later.updated_at > cart.updated_at OR (later.updated_at = cart.updated_at AND later.id > cart.id))}
        RETURN {id: p.id, at: toString(p.at)}}) END,
      items: COLLECT {
        MATCH (cart)-[line:CONTAINS]->(product:Product)
        RETURN {sku: product.sku, quantity: line.quantity,
          unit_price: CASE WHEN line.unit_price IS NOT NULL THEN {amount: line.unit_price, currency: line.currency} END,
          discount: CASE WHEN line.discount IS NOT NULL THEN {amount: line.discount, currency: line.currency} END,
          total: CASE WHEN line.total IS NOT NULL THEN {amount: line.total, currency: line.currency} END}
        ORDER BY line.position}}
  ) AS carts
}
CALL (owned) {
  UNWIND CASE WHEN $asked.with_channels THEN owned ELSE [] END AS i
  MATCH (i)-[use:USES]->(channel:Channel)
  WITH channel.key AS used, sum(use.touchpoints) AS touchpoints, sum(use.purchases) AS purchases,
    min(use.first_at) AS first_at, max(use.last_at) AS last_at
  ORDER BY used
  RETURN collect({channel: used, touchpoints: touchpoints, purchases: purchases, first_at: toString(first_at),
    last_at: toString(last_at)}) AS channels
}
CALL (c) {
  WITH c WHERE $asked.with_referred_by
  MATCH (c)<-[active:REFERRED]-(:Customer)
  MATCH (t:TimelineEntry {id: active.referral})<-[:INVITED]-(i:Identifier)
  USING INDEX SEEK t:TimelineEntry(id)
  RETURN collect(
    t {.id, .kind, at: toString(t.at), .channel, .campaign, .referral_status, .code, .ended_reason, .flags,
      invited_at: toString(t.invited_at), accepted_at: toString(t.accepted_at), expires_at: toString(t.expires_at), qualified_at: toString(t.qualified_at),
      ended_at: toString(t.ended_at), advocate_id: i.customer_id,
      friend_id: head(COLLECT { MATCH (t)-[:BROUGHT]->(friend:Identifier) RETURN friend.customer_id }),
      invitee: head(COLLECT {
        MATCH (t)-[:INVITEE]->(f:Identifier)
        RETURN f {.type, .value, .customer_id}})}
  ) AS referrals
}
MATCH (again:Customer {id: c.id})
USING INDEX SEEK again:Customer(id)
// Of a customer that became part of another one meanwhile nothing is told: whoever asks looks again.
WITH * WHERE version IS NOT NULL AND again.version IS NOT NULL
RETURN {rows: collect({
  position: key.position, version_before: version, version_after: again.version, addresses: addresses, traits: traits, sums: sums,
  profile: customer {.*, ids: [i IN owned | i.customer_id], identifiers: identifiers, trait_states: trait_states, entries: entries,
    carts: carts, channels: channels, referred_by: head(referrals)}
})} AS found
