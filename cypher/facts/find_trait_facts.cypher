// find_trait_facts($after, $limit) -> many TraitFacts
// How customers are called and found, beside the traits of their identifiers that it follows from; in order of id.
MATCH (c:Customer)
USING INDEX SEEK c:Customer(id)
WHERE c.id > $asked.after
WITH c ORDER BY c.id LIMIT $asked.limit
RETURN {
  id: c.id,
  kept: {
    name: c.name, given_name: c.given_name, family_name: c.family_name, birth_date: c.birth_date, gender: c.gender,
    locale: c.locale, time_zone: c.time_zone, country: c.country, name_key: c.name_key, search_text: c.search_text},
  identifiers: COLLECT {
    MATCH (c)-[:IDENTIFIED_BY]->(i:Identifier)
    RETURN [i.type, i.value, coalesce(i.first_seen_at.epochMillis, 0), i.trait_state]}
} AS facts
