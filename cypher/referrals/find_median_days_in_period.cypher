// find_median_days_in_period($since, $until) -> one float
// The median of days from the acceptance, between two times, to the qualifying purchase, of what was not reversed.
MATCH (r:Referral)
USING INDEX SEEK r:Referral(accepted_at)
WHERE r.accepted_at >= datetime($asked.since) AND r.accepted_at < datetime($asked.until)
  AND r.referral_status IN ['IN_REVIEW', 'QUALIFIED', 'REWARDED']
RETURN percentileCont((r.qualified_at.epochMillis - r.accepted_at.epochMillis) / 86400000.0, 0.5) AS days
