// The explorer at /graphql: GraphiQL with tabs of examples, against the address it was loaded from.
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { GraphiQL } from "graphiql";
import "graphiql/style.css";
import { examples, welcome } from "./examples.js";

async function fetcher(parameters, { headers } = {}) {
  const response = await fetch(window.location.pathname, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/graphql-response+json, application/json",
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
