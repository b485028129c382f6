// find_median_days() -> one float
// The median of days from the acceptance to the qualifying purchase, of all that was not reversed.
UNWIND ['IN_REVIEW', 'QUALIFIED', 'REWARDED'] AS status
MATCH (r:Referral)
USING INDEX SEEK r:Referral(referral_status)
WHERE r.referral_status = status
RETURN percentileCont((r.qualified_at.epochMillis - r.accepted_at.epochMillis) / 86400000.0, 0.5) AS days
