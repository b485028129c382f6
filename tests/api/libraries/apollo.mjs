// Apollo Client with its link for persisted queries: URL, GET or POST, EMAIL, and an id of the document that isn't its hash, if any.
// It asks twice, and says what it heard and what it sent.
import { createHash } from "node:crypto";
import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";

const [uri, method, email, id] = process.argv.slice(2);
const sent = [];
const told = (input, options) => {
  const text = options.body ?? new URL(input).searchParams.get("query") ?? "";
  sent.push([options.method, text.includes("customer(")]);
  return fetch(input, options);
};
const known = id
  ? { generateHash: () => id }
  : { sha256: (text) => createHash("sha256").update(text).digest("hex") };
const link = new PersistedQueryLink({ ...known, useGETForHashedQueries: method === "GET" });
const client = new ApolloClient({ link: link.concat(new HttpLink({ uri, fetch: told })), cache: new InMemoryCache() });
const query = gql`
  query Name($email: String!) {
    customer(by: { email: $email }) {
      id
      name
    }
  }
`;
const names = [];
for (let time = 0; time < 2; time++) {
  const { data } = await client.query({ query, variables: { email }, fetchPolicy: "network-only" });
  names.push(data.customer.name);
}
console.log(JSON.stringify({ names, sent }));
