// How referrals go, counted by indexes alone however many there are.
CREATE RANGE INDEX referral_status IF NOT EXISTS FOR (r:Referral) ON (r.referral_status);
CREATE RANGE INDEX customers_by_referrals IF NOT EXISTS FOR (c:Customer) ON (c.referrals);
