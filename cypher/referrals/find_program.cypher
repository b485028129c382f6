// find_program() -> one Program
// What became of all referrals. Rows of an index are counted without a look at what they stand for, but where that is told by more
// than the status: among those in review, and rejected.
CALL () {
  MATCH (r:Referral)
  RETURN count(r) AS invited
}
CALL () {
  MATCH (c:Customer)
  USING INDEX SEEK c:Customer(referrals)
  WHERE c.referrals >= 1
  RETURN count(c) AS advocates
}
CALL () {
  UNWIND ['ACCEPTED', 'IN_REVIEW', 'QUALIFIED', 'REWARDED', 'REVERSED'] AS status
  CALL (status) {
    MATCH (r:Referral)
    USING INDEX SEEK r:Referral(referral_status)
    WHERE r.referral_status = status
    RETURN count(r) AS number
  }
  RETURN sum(number) AS accepted, sum(CASE WHEN status IN ['QUALIFIED', 'REWARDED'] THEN number ELSE 0 END) AS qualified,
    sum(CASE status WHEN 'REWARDED' THEN number ELSE 0 END) AS rewarded
}
CALL () {
  MATCH (r:Referral)
  USING INDEX SEEK r:Referral(referral_status)
  WHERE r.referral_status = 'IN_REVIEW' AND r.qualified_at IS NOT NULL
  RETURN count(r) AS in_review
}
CALL () {
  MATCH (r:Referral)
  USING INDEX SEEK r:Referral(referral_status)
  WHERE r.referral_status = 'REJECTED' AND r.accepted_at IS NOT NULL
  RETURN count(r) AS rejected
}
RETURN {invited: invited, advocates: advocates, accepted: accepted, qualified: qualified + in_review, rewarded: rewarded,
  rejected: rejected} AS program
