// How referrals go, counted by indexes alone however many there are.
CREATE RANGE INDEX referral_status IF NOT EXISTS FOR (r:Referral) ON (r.referral_status);
CREATE RANGE INDEX customers_by_referrals IF NOT EXISTS FOR (c:Customer) ON (c.referrals);

// Marks are followed in the order in which they were left.
CREATE RANGE INDEX network_mark_at IF NOT EXISTS FOR (m:NetworkMark) ON (m.at);
CREATE RANGE INDEX suspicion_mark_at IF NOT EXISTS FOR (m:SuspicionMark) ON (m.at);
