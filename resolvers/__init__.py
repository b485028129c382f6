"""GraphQL: types, resolvers and loaders. Knows the graph's records and functions, and neither Cypher nor the cache."""
