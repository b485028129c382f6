// count_in_period($since, $until, $most) -> one int
// How many purchases there are, and acceptances that stand, up to one more of each than the most that are looked at.
CALL () {
  MATCH (p:Purchase)
  USING INDEX SEEK p:Purchase(at)
  WHERE p.at >= datetime($asked.since) AND p.at < datetime($asked.until)
  RETURN p AS found
  LIMIT $asked.most + 1
  UNION ALL
  MATCH ()-[r:REFERRED]->(:Customer)
  USING INDEX SEEK r:REFERRED(at)
  WHERE r.at >= datetime($asked.since) AND r.at < datetime($asked.until)
  RETURN r AS found
  LIMIT $asked.most + 1
}
RETURN count(found) AS happenings
