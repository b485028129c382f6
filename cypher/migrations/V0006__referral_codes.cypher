// Standing codes of advocates, and what decides how far a referral has come.
CREATE CONSTRAINT standing_code IF NOT EXISTS FOR (c:ReferralCode) REQUIRE c.code IS UNIQUE;
CREATE RANGE INDEX standing_code_key IF NOT EXISTS FOR (c:ReferralCode) ON (c.code_key);

// The names that statements use of them, see V0004__names.cypher.
CALL db.createRelationshipType('OFFERS');
UNWIND [
  'approved', 'lapsed_at', 'qualified_by', 'review_order', 'review_reason', 'reviewed_at'
] AS name
CALL db.createProperty(name);
