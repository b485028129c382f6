"""The endpoint, as an ASGI application."""

from __future__ import annotations

from functools import partial
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from app.access import Access, Unauthenticated
from app.explorer import explorer_page
from app.graphql.media import OLDER, PAGE, STREAM, preferred
from app.graphql.replies import advice, payload, send_reply, status
from app.graphql.requests import Asked, BadRequest, headers_of, read
from app.graphql.streams import streamed
from app.known import KnownDocuments, Unanswerable
from app.leaving import WhileConnected
from app.observation import Observation
from graph.errors import StoreUnavailable
from resolvers.access import Principal
from resolvers.faults import masked
from resolvers.operations import Answer, answer, too_slow
from resolvers.sources import Sources

CHALLENGE = {"www-authenticate": "Bearer"}


class GraphQL:
    """The endpoint. `seconds`: how long a request may take, subscriptions apart; `purpose`: whether it has to say what it is
    for; `by_get`: whether queries may come by GET."""

    def __init__(self, *, explorer: bool, seconds: float, purpose: bool, by_get: bool) -> None:
        self._by_get = by_get
        self._explorer = explorer
        self._seconds = seconds
        self._purpose = purpose

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with scope["state"]["observations"].begin(scope["headers"]) as seen:
                await self._respond(scope, receive, send, seen)
        except ClientDisconnect:
            return

    async def _respond(self, scope: Scope, receive: Receive, send: Send, seen: Observation) -> None:
        headers, state = headers_of(scope), scope["state"]
        documents: KnownDocuments = state["documents"]
        sources: Sources = state["sources"]
        form = OLDER
        try:
            page = self._explorer and scope["method"] == "GET"
            wanted = preferred(headers.get(b"accept", b"").decode("latin-1"), page=page)
            if wanted == PAGE:
                await explorer_page(strict=documents.trusted.strict)(scope, receive, send)
                return
            # Also where a stream is wanted, what is no request is told in JSON.
            form = OLDER if wanted == STREAM else wanted
            access, authorization = state["guards"].access, headers.get(b"authorization")
            principal = access.at_hand(authorization) or await asking(access, authorization)
            if not self._by_get and scope["method"] == "GET":
                raise BadRequest(405, "METHOD_NOT_ALLOWED", "Send POST.", headers={"allow": "POST"})
            asked = await read(scope, headers, receive, sources.documents.limits)
            if self._purpose and asked.purpose is None:
                raise BadRequest.without_purpose()
            if wanted == STREAM:
                who = partial(asking, access, authorization)
                await streamed(asked, documents, sources, who, seconds=self._seconds)(scope, receive, send)
                return
            with WhileConnected(receive, seconds=self._seconds):
                given, body = await run(asked, documents, sources, principal, seen)
        except BadRequest as bad:
            await send_reply(send, {"errors": [bad.error]}, form, bad.status, headers=bad.headers)
        except Unanswerable as unanswerable:
            await send_reply(send, {"errors": [unanswerable.error]}, form, unanswerable.status)
        except TimeoutError:
            await send_reply(send, {"errors": [too_slow(self._seconds)]}, form, 503)
        except ClientDisconnect:
            raise
        except Exception as error:
            await send_reply(send, {"errors": [masked(error, where="the endpoint")]}, form, 500)
        else:
            encodings = headers.get(b"accept-encoding")
            most = sources.documents.limits.answer
            await send_reply(send, body, form, status(given, form), encodings=encodings, headers=advice(given), most=most)


async def asking(access: Access, authorization: bytes | None) -> Principal:
    """Who asks; raises BadRequest where nobody can tell."""
    try:
        return await access.principal(authorization)
    except Unauthenticated as error:
        raise BadRequest(401, "UNAUTHENTICATED", str(error), headers=CHALLENGE) from None
    except StoreUnavailable:
        raise BadRequest(503, "UNAVAILABLE", "Keys can't be looked up now; send the request again.") from None


async def run(
    asked: Asked, documents: KnownDocuments, sources: Sources, principal: Principal, seen: Observation
) -> tuple[Answer, dict[str, Any]]:
    """The answer to one request, and what is said of it; raises Unanswerable."""
    seen.phase("document")
    text = await documents.text(asked.document)
    given = await answer(
        text,
        sources,
        principal,
        purpose=asked.purpose,
        variables=asked.variables,
        operation_name=asked.operation_name,
        reads_only=asked.reads_only,
        size=asked.size,
    )
    return given, payload(given, asked.explain, sources.documents.limits)
