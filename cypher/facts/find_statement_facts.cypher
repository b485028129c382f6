// find_statement_facts($after, $limit, $code_prefix) -> many StatementFacts
// Of each thing and each code that statements speak of: what is there, and how many stand alone; in order of key.
MATCH (s:Statement)
USING INDEX SEEK s:Statement(thing_key)
WHERE s.thing_key > $asked.after
WITH DISTINCT s.thing_key AS key
ORDER BY key
LIMIT $asked.limit
RETURN {
  key: key,
  thing: head(COLLECT { MATCH (t:Thing {thing_key: key}) USING INDEX SEEK t:Thing(thing_key) RETURN t.id }),
  carried: EXISTS {
    MATCH (r:Referral {code: substring(key, size($asked.code_prefix))})
    USING INDEX SEEK r:Referral(code)
    WHERE key STARTS WITH $asked.code_prefix},
  alone: COUNT { MATCH (s:Statement {thing_key: key}) USING INDEX SEEK s:Statement(thing_key) WHERE NOT (s)-[:ABOUT]->() }
} AS facts
