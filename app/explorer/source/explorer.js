// The explorer at /graphql: GraphiQL with tabs of examples, against the address it was loaded from.
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { GraphiQL } from "graphiql";
import "graphiql/style.css";
import { examples, welcome } from "./examples.js";

// The key that stood behind the address, as `c360 demo` prints it. It stays with this tab, and leaves the address, which people copy.
const KEY = "customer360.key";
const given = new URLSearchParams(window.location.hash.slice(1)).get("key");
if (given) {
  sessionStorage.setItem(KEY, given);
  history.replaceState(null, "", window.location.pathname + window.location.search);
}

async function fetcher(parameters, { headers } = {}) {
  const key = sessionStorage.getItem(KEY);
  const response = await fetch(window.location.pathname, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/graphql-response+json, application/json",
      ...(key ? { authorization: `Bearer ${key}` } : {}),
      ...headers,
    },
    body: JSON.stringify(parameters),
  });
  return response.json();
}

const opened = new URLSearchParams(window.location.search);

createRoot(document.getElementById("explorer")).render(
  createElement(GraphiQL, {
    fetcher,
    defaultQuery: welcome,
    defaultTabs: examples,
    query: opened.get("query") ?? undefined,
    variables: opened.get("variables") ?? undefined,
    shouldPersistHeaders: false,
    defaultEditorToolsVisibility: "variables",
  }),
);
