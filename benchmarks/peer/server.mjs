// The peer: @neo4j/graphql behind Apollo Server, over the graph of docs/graph-model.md. It listens on PORT; PROFILE is the
// statement of the field `profile`, for which it runs Cypher as it is given; STATEMENTS are more of those, as JSON: of each field
// the statement and its column, whatever that holds. `customers` it translates itself.
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { Neo4jGraphQL } from '@neo4j/graphql';
import { GraphQLScalarType } from 'graphql';
import neo4j from 'neo4j-driver';

const { PORT, PROFILE, STATEMENTS, NEO4J_URI, NEO4J_USER, NEO4J_PASSWORD } = process.env;

// Its own DateTime is put into text by a plugin of Neo4j that isn't there. timeline_key is the order of time.
const Instant = new GraphQLScalarType({ name: 'Instant', serialize: String });

const Anything = new GraphQLScalarType({ name: 'Anything', serialize: plain });

// The driver's own numbers are objects of two halves.
function plain(value) {
  if (neo4j.isInt(value)) return value.toNumber();
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}

const given = Object.entries(JSON.parse(STATEMENTS ?? '{}')).map(([field, { statement, column }]) =>
  `  ${field}(id: ID!): Anything @cypher(statement: """${statement}""", columnName: "${column}")`);

const typeDefs = `#graphql
scalar Instant
scalar Anything
type Customer @node {
  id: ID!
  name: String
  email: String
  phone: String
  country: String
  first_seen_at: Instant
  last_seen_at: Instant
  identifiers: [Identifier!]! @relationship(type: "IDENTIFIED_BY", direction: OUT)
  referrers: [Customer!]! @relationship(type: "REFERRED", direction: IN, properties: "Referred")
  friends: [Customer!]! @relationship(type: "REFERRED", direction: OUT, properties: "Referred")
}
type Referred @relationshipProperties {
  referral: ID!
}
type Identifier @node {
  type: String!
  value: String
  verified: Boolean
  purchases: [Purchase!]! @relationship(type: "MADE", direction: OUT)
  touchpoints: [Touchpoint!]! @relationship(type: "HAD", direction: OUT)
  reviews: [Review!]! @relationship(type: "WROTE", direction: OUT)
}
type Purchase @node {
  id: ID!
  at: Instant!
  timeline_key: String!
  number: String
  purchase_status: String
  total: BigInt
  currency: String
  items: [Product!]! @relationship(type: "CONTAINS", direction: OUT, properties: "Line")
}
type Line @relationshipProperties {
  position: Int
  quantity: String
  total: BigInt
  currency: String
}
type Product @node {
  sku: String!
  title: String
}
type Touchpoint @node {
  id: ID!
  at: Instant!
  timeline_key: String!
  type: String!
  channel: String
}
type Review @node {
  id: ID!
  at: Instant!
  timeline_key: String!
  rating: Int
  text: String
  product: [Product!]! @relationship(type: "OF", direction: OUT)
}

type Profile {
  id: ID!
  name: String
  email: String
  phone: String
  country: String
  first_seen_at: String
  last_seen_at: String
  identifiers: [ProfileIdentifier!]!
  purchases: [ProfilePurchase!]!
  touchpoints: [ProfileTouchpoint!]!
  reviews: [ProfileReview!]!
}
type ProfileIdentifier { type: String! value: String verified: Boolean }
type ProfilePurchase { id: ID! at: String! number: String purchase_status: String total: Amount items: [ProfileLine!]! }
type ProfileLine { quantity: String total: Amount sku: String! }
type Amount { amount: BigInt! currency: String! }
type ProfileTouchpoint { id: ID! at: String! type: String! channel: String }
type ProfileReview { id: ID! at: String! rating: Int text: String sku: String }

type Query {
  profile(id: ID!): Profile @cypher(statement: """${PROFILE}""", columnName: "profile")
${given.join('\n')}
}
`;

const driver = neo4j.driver(NEO4J_URI, neo4j.auth.basic(NEO4J_USER, NEO4J_PASSWORD), { maxConnectionPoolSize: 64 });
// It refuses what is to give a type that no field has.
const resolvers = given.length ? { Instant, Anything } : { Instant };
const schema = await new Neo4jGraphQL({ typeDefs, resolvers, driver }).getSchema();
const server = new ApolloServer({ schema, introspection: false });
await startStandaloneServer(server, {
  listen: { port: Number(PORT), host: '127.0.0.1' },
  context: async () => ({ sessionConfig: { database: 'neo4j', defaultAccessMode: neo4j.session.READ } }),
});
