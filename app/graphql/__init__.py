"""GraphQL over HTTP: what comes in at /graphql, and in what form the answer goes out.

The rules are those of the GraphQL-over-HTTP specification (https://graphql.github.io/graphql-over-http/draft/): a request
that isn't one is a 4xx with a GraphQL error; a wrong document is a 400 in `application/graphql-response+json`, and a 200 in
the older `application/json`, whose clients expect it.

It is written on ASGI itself, without Starlette's requests, responses and middleware: together these took longer than the answer
to a cached profile.

requests    from an HTTP request to what it asks
media       in which media type the answer is wanted
replies     from answers to HTTP responses
streams     answers as an event stream
endpoint    all of it together
"""

from app.graphql.endpoint import GraphQL
from app.graphql.replies import payload, written

__all__ = ["GraphQL", "payload", "written"]
