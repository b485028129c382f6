// record_traits($rows) -> write
// The traits that survived, each in its own property; the others as one JSON object.
UNWIND $asked.rows AS row
MATCH (c:Customer {id: row.id})
USING INDEX SEEK c:Customer(id)
SET c.name = row.name, c.given_name = row.given_name, c.family_name = row.family_name, c.email = row.email, c.phone = row.phone,
  c.birth_date = row.birth_date, c.gender = row.gender, c.locale = row.locale, c.time_zone = row.time_zone, c.country = row.country,
  c.addresses = row.addresses, c.traits = row.traits, c.name_key = row.name_key, c.search_text = row.search_text
