// find_seen($keys) -> many int
// Which of these keys name an identifier that there is: it always belongs to somebody, also where a merge is just giving it to another.
UNWIND $asked.keys AS key
CALL (key) {
  MATCH (named:Identifier {customer_id: key.id})
  USING INDEX SEEK named:Identifier(customer_id)
  RETURN named
  UNION ALL
  MATCH (named:Identifier {type: key.type, value: key.value})
  USING INDEX SEEK named:Identifier(type, value)
  RETURN named
}
RETURN key.position AS position
