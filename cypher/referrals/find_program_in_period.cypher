// find_program_in_period($since, $until) -> one Program
// What became of the referrals of a time: invitations by when they were made, all else by when they were accepted.
CALL () {
  MATCH (r:Referral)<-[:INVITED]-(:Identifier)<-[:IDENTIFIED_BY]-(advocate:Customer)
  USING INDEX SEEK r:Referral(invited_at)
  WHERE r.invited_at >= datetime($asked.since) AND r.invited_at < datetime($asked.until)
  RETURN count(r) AS invited, count(DISTINCT advocate) AS advocates
}
CALL () {
  MATCH (r:Referral)
  USING INDEX SEEK r:Referral(accepted_at)
  WHERE r.accepted_at >= datetime($asked.since) AND r.accepted_at < datetime($asked.until)
  WITH r.referral_status AS status, r.qualified_at IS NOT NULL AND r.referral_status IN ['IN_REVIEW', 'QUALIFIED', 'REWARDED'] AS converted
  RETURN sum(CASE WHEN status IN ['ACCEPTED', 'IN_REVIEW', 'QUALIFIED', 'REWARDED', 'REVERSED'] THEN 1 ELSE 0 END) AS accepted,
    sum(CASE WHEN converted THEN 1 ELSE 0 END) AS qualified, sum(CASE status WHEN 'REWARDED' THEN 1 ELSE 0 END) AS rewarded,
    sum(CASE status WHEN 'REJECTED' THEN 1 ELSE 0 END) AS rejected
}
RETURN {invited: invited, advocates: advocates, accepted: accepted, qualified: qualified, rewarded: rewarded, rejected: rejected} AS program
