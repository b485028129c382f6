// urql with its exchange for persisted queries: URL, GET or POST, EMAIL, and the id of a trusted document, which urql itself sends.
// It asks twice, and says what it heard and what it sent.
import { Client, fetchExchange, gql } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";

const [url, method, email, documentId] = process.argv.slice(2);
// Checks of its development mode don't know documents that are nothing but an id.
if (documentId) process.env.NODE_ENV = "production";
const sent = [];
const told = (input, options) => {
  const text = options.body ?? new URL(input).searchParams.get("query") ?? "";
  sent.push([options.method, text.includes("customer(")]);
  return fetch(input, options);
};
const client = new Client({
  url,
  exchanges: documentId
    ? [fetchExchange]
    : [persistedExchange({ preferGetForPersistedQueries: method === "GET" }), fetchExchange],
  preferGetMethod: method === "GET",
  fetch: told,
});
const query = documentId
  ? { kind: "Document", definitions: [], documentId }
  : gql`
      query Name($email: String!) {
        customer(by: { email: $email }) {
          id
          name
        }
      }
    `;
const names = [];
for (let time = 0; time < 2; time++) {
  const { data, error } = await client.query(query, { email }, { requestPolicy: "network-only" });
  if (error) throw error;
  names.push(data.customer.name);
}
console.log(JSON.stringify({ names, sent }));
