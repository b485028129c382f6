// Every name that a statement uses. A plan made before one of its names exists is made anew once it does, which takes seconds:
// a new graph learned its names one by one, and whoever read it meanwhile waited for the same plan again and again.
UNWIND [
  'Touchpoint'
] AS name
CALL db.createLabel(name);
UNWIND [
  'ABOUT', 'ANSWERED', 'BECAME', 'BROUGHT', 'CONTAINS', 'HAD', 'HAS', 'IDENTIFIED_BY', 'INVITED', 'INVITEE', 'MADE', 'OF',
  'RAISED', 'REFERRED', 'RING_CLOSED', 'USES', 'WAS_SENT', 'WROTE'
] AS name
CALL db.createRelationshipType(name);
UNWIND [
  'accepted_at', 'addresses', 'birth_date', 'body', 'body_hash', 'call', 'campaign', 'carts', 'cases', 'category',
  'channel', 'channel_kind', 'checkout_step', 'closed_at', 'comment', 'communication_status', 'communications', 'complaint',
  'country', 'coupon', 'currency', 'deflected', 'discount', 'duration_seconds', 'email', 'ended_at', 'ended_reason',
  'epoch', 'erased_at', 'family_name', 'filed', 'first_at', 'first_purchase_at', 'first_response_at', 'gender',
  'given_name', 'invited_at', 'kind', 'label', 'last_at', 'last_purchase_at', 'locale', 'message', 'number', 'offer',
  'opened_at', 'orders', 'phone', 'planned_at', 'position', 'price', 'priced', 'priority', 'properties', 'purchase_status',
  'purchases', 'purpose', 'qualified_at', 'quantity', 'rating', 'rating_sum', 'referral', 'referral_status', 'referrals',
  'refunded', 'refunded_above', 'refunds_elsewhere', 'resolution', 'review_count', 'reviews', 'run_id', 'score', 'sent_at',
  'session', 'source', 'status_times', 'statuses', 'subject', 'survey', 'survey_kind', 'survey_responses', 'text',
  'time_zone', 'times', 'title', 'titled', 'total', 'touchpoints', 'trait_state', 'traits', 'unit_price', 'updated_at',
  'url', 'verified', 'writes'
] AS name
CALL db.createProperty(name);
