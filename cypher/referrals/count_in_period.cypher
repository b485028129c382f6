// count_purchases_in_period($since, $until, $most) -> one int
// How many there are, up to one more than the most that are looked at.
CALL () {
  MATCH (p:Purchase)
  USING INDEX SEEK p:Purchase(at)
  WHERE p.at >= datetime($asked.since) AND p.at < datetime($asked.until)
  RETURN p
  LIMIT $asked.most + 1
}
RETURN count(p) AS purchases
