"""GraphQL over HTTP: what comes in at /graphql, and in what form the answer goes out.

The rules are those of the GraphQL-over-HTTP specification (https://graphql.github.io/graphql-over-http/draft/): a request
that isn't one is a 4xx with a GraphQL error; a wrong document is a 400 in `application/graphql-response+json`, and a 200 in
the older `application/json`, whose clients expect it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.explorer import explorer_page
from app.known import KnownDocuments, Reference, Unanswerable
from app.leaving import WhileConnected
from app.observation import Observation
from resolvers.context import Sources
from resolvers.observer import observed
from resolvers.operations import Answer, answer, answers, masked, too_slow

LONGEST_READ = 32_000_000  # bytes

OLDER = "application/json"
NEWER = "application/graphql-response+json"
PAGE = "text/html"
STREAM = "text/event-stream"

KEEP_ALIVE = 12.0  # seconds of silence; proxies end connections that are silent for longer


class BadRequest(Exception):
    """What arrived is no GraphQL request."""

    def __init__(self, status: int, code: str, message: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"message": message, "extensions": {"code": code}}
        self.headers = headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One GraphQL request. `explain_cache`, `explain_cost`: whether the answer is to say where the profiles came from, and what
    it costs."""

    document: Reference
    variables: dict[str, Any] | None
    operation_name: str | None
    explain_cache: bool
    explain_cost: bool
    size: int


class GraphQL:
    """The endpoint, as an ASGI application. `seconds`: how long a request may take, subscriptions apart."""

    def __init__(self, *, explorer: bool, seconds: float) -> None:
        self._explorer = explorer
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with scope["state"]["observations"].begin(scope["headers"]) as seen:
                response = await self._respond(Request(scope, receive), seen)
                await response(scope, receive, send)
        except ClientDisconnect:
            return

    async def _respond(self, request: Request, seen: Observation) -> Response:
        form = OLDER
        try:
            wanted = preferred(request.headers.getlist("accept"), page=self._explorer and request.method == "GET")
            documents, sources = request.state["documents"], request.state["sources"]
            if wanted == PAGE:
                return explorer_page(strict=documents.trusted.strict)
            # Also where a stream is wanted, what is no request is told in JSON.
            form = OLDER if wanted == STREAM else wanted
            asked, reads_only = await read(request), request.method == "GET"
            if wanted == STREAM:
                return streamed(asked, documents, sources, reads_only=reads_only, seconds=self._seconds)
            with WhileConnected(request.receive):
                async with asyncio.timeout(self._seconds):
                    return await run(asked, documents, sources, form, reads_only=reads_only, seen=seen)
        except BadRequest as bad:
            return reply({"errors": [bad.error]}, form, bad.status, headers=bad.headers)
        except Unanswerable as unanswerable:
            return reply({"errors": [unanswerable.error]}, form, unanswerable.status)
        except TimeoutError:
            return reply({"errors": [too_slow(self._seconds)]}, form, 503)
        except ClientDisconnect:
            raise
        except Exception as error:
            return reply({"errors": [masked(error, where="the endpoint")]}, form, 500)


async def run(
    asked: Asked, documents: KnownDocuments, sources: Sources, form: str, *, reads_only: bool, seen: Observation
) -> Response:
    """The response to one request, in the media type `form`; raises Unanswerable."""
    seen.phase("document")
    text = await documents.text(asked.document)
    given = await answer(
        text,
        sources,
        variables=asked.variables,
        operation_name=asked.operation_name,
        reads_only=reads_only,
        size=asked.size,
    )
    body = payload(given)
    extensions: dict[str, Any] = {}
    if asked.explain_cache and seen.cache is not None:
        extensions["cache"] = seen.cache
    if asked.explain_cost and given.cost is not None:
        limits = sources.documents.limits
        extensions["cost"] = {"requested": given.cost, "limit": limits.cost, "mode": limits.cost_mode}
    if extensions:
        body["extensions"] = extensions
    return reply(body, form, status(given, form), headers=None if given.read_only else {"allow": "POST"})


def streamed(asked: Asked, documents: KnownDocuments, sources: Sources, *, reads_only: bool, seconds: float) -> Response:
    """The response of graphql-sse's distinct connections mode: each answer an event `next`, and `complete` in the end.

    https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
    """

    async def found() -> AsyncGenerator[Answer]:
        try:
            text = await documents.text(asked.document)
        except Unanswerable as unanswerable:
            yield Answer(errors=[unanswerable.error], executed=False)
            return
        given = answers(
            text,
            sources,
            variables=asked.variables,
            operation_name=asked.operation_name,
            reads_only=reads_only,
            size=asked.size,
            seconds=seconds,
        )
        async with aclosing(given):
            async for each in given:
                yield each

    return StreamingResponse(
        _events(found()), media_type=STREAM, headers={"cache-control": "no-store", "x-accel-buffering": "no", "vary": "accept"}
    )


async def _events(found: AsyncGenerator[Answer]) -> AsyncIterator[bytes]:
    # Something to begin with: headers alone are kept back by some proxies.
    yield b":\n\n"
    async with aclosing(found):
        while True:
            coming = asyncio.ensure_future(anext(found, None))
            try:
                while not (await asyncio.wait([coming], timeout=KEEP_ALIVE))[0]:
                    yield b":\n\n"
                given = coming.result()
            except Exception as error:
                given = Answer(errors=[masked(error, where="the stream")], executed=False)
            finally:
                coming.cancel()
                await asyncio.wait([coming])
            if given is None:
                break
            observed.get().answered(given.errors, given.executed)
            yield b"event: next\ndata: " + orjson.dumps(payload(given), option=orjson.OPT_UTC_Z) + b"\n\n"
    yield b"event: complete\ndata:\n\n"


def payload(given: Answer) -> dict[str, Any]:
    """An answer as the specification has it: no data where nothing was executed, no errors where there are none."""
    body: dict[str, Any] = {"data": given.data} if given.executed else {}
    if given.errors:
        body["errors"] = given.errors
    return body


def status(given: Answer, form: str) -> int:
    """The HTTP status of an answer in a media type."""
    if not given.read_only:
        return 405
    if given.executed:
        return 200
    codes = {error["extensions"]["code"] for error in given.errors}
    if "BODY_TOO_LARGE" in codes:
        return 413
    return 400 if form == NEWER or "UNKNOWN_OPERATION" in codes else 200


def reply(body: dict[str, Any], form: str, code: int, *, headers: dict[str, str] | None = None) -> Response:
    seen = observed.get()
    seen.answered(body.get("errors", ()), "data" in body)
    seen.phase("write")
    return Response(
        orjson.dumps(body, option=orjson.OPT_UTC_Z),
        status_code=code,
        media_type=f"{form}; charset=utf-8",
        headers={"cache-control": "no-store", "vary": "accept", **(headers or {})},
    )


def preferred(accept: list[str], *, page: bool) -> str:
    """The media type that the Accept headers like best; raises BadRequest (406) when none of ours is acceptable.

    `page`: whether the explorer may be the answer. Of equals our order decides; without a wish it is the older type.
    """
    weights = dict(_weights(",".join(accept) or "*/*"))
    if weights.get(STREAM, 0.0) > max((weight for kind, weight in weights.items() if kind != STREAM), default=0.0):
        return STREAM
    offers = (OLDER, NEWER, PAGE) if page else (OLDER, NEWER)
    if page and PAGE in weights and weights[PAGE] > 0 and not weights.keys() & {OLDER, NEWER}:
        return PAGE
    quality = {offer: _quality(weights, offer) for offer in offers}
    # A client that names the newer type and doesn't like the older one more means it.
    best = max(offers, key=lambda offer: (quality[offer], offer in weights, offer == NEWER and NEWER in weights))
    if quality[best] <= 0:
        raise BadRequest(406, "NOT_ACCEPTABLE", f"Accept one of {NEWER} and {OLDER}.")
    return OLDER if best == PAGE and PAGE not in weights else best


def _weights(accept: str) -> Iterable[tuple[str, float]]:
    for part in accept.split(",")[:50]:
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((piece[2:] for piece in parameters if piece.startswith("q=")), "1")
        try:
            yield kind, float(quality)
        except ValueError:
            yield kind, 0.0


def _quality(weights: dict[str, float], offer: str) -> float:
    for pattern in (offer, f"{offer.partition('/')[0]}/*", "*/*"):
        if pattern in weights:
            return weights[pattern]
    return 0.0


async def read(request: Request) -> Asked:
    """The GraphQL request in an HTTP request; raises BadRequest."""
    size = 0
    if request.method == "GET":
        given = _from_query(request)
    elif request.method == "POST":
        given, size = await _from_body(request)
    else:
        raise BadRequest(405, "METHOD_NOT_ALLOWED", "Send GET or POST.", headers={"allow": "GET, POST"})
    return _checked(given, size, explain=request.headers.get("x-c360-explain", ""))


def _from_query(request: Request) -> dict[str, Any]:
    given: dict[str, Any] = dict(request.query_params)
    for name in ("variables", "extensions"):
        if text := given.get(name):
            given[name] = _json(text.encode("utf-8", "replace"), name)
        else:
            given.pop(name, None)
    return given


async def _from_body(request: Request) -> tuple[dict[str, Any], int]:
    """The JSON of a body, and how many bytes that has."""
    kind, *parameters = (piece.strip().lower() for piece in request.headers.get("content-type", "").split(";"))
    charsets = [piece.partition("=")[2].strip('"') for piece in parameters if piece.startswith("charset=")]
    if kind != OLDER or any(charset not in ("utf-8", "utf8") for charset in charsets):
        raise BadRequest(415, "UNSUPPORTED_MEDIA_TYPE", f"Send content-type: {OLDER}, in UTF-8.")
    body = await _body(request, request.state["sources"].documents.limits.events_body)
    given = _json(body, "the body")
    if not isinstance(given, dict):
        raise BadRequest(400, "BAD_REQUEST", 'Send a JSON object such as {"query": "{ channels { key } }"}, one at a time.')
    return given, len(body)


async def _body(request: Request, most: int) -> bytes:
    body, size = bytearray(), 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= most:
            body += chunk
        elif size > LONGEST_READ:
            break
    # A client that is still sending doesn't hear an answer: what is too large is read to its end, and dropped.
    if size > most:
        headers = {"connection": "close"} if size > LONGEST_READ else None
        raise BadRequest(413, "BODY_TOO_LARGE", f"Send at most {most:,} bytes.", headers=headers)
    return bytes(body)


def _json(data: bytes, what: str) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        raise BadRequest(400, "BAD_REQUEST", f"Send JSON in UTF-8: {what} is none.") from None


def _checked(given: dict[str, Any], size: int, *, explain: str) -> Asked:
    name, variables, extensions = given.get("operationName"), given.get("variables"), given.get("extensions")
    if variables is not None and not isinstance(variables, dict):
        raise BadRequest(400, "BAD_REQUEST", "Send variables as an object, or leave it out.")
    if name is not None and not isinstance(name, str):
        raise BadRequest(400, "BAD_REQUEST", "Send operationName as a string, or leave it out.")
    if extensions is not None and not isinstance(extensions, dict):
        raise BadRequest(400, "BAD_REQUEST", "Send extensions as an object, or leave it out.")
    wanted = {part.strip() for part in explain.lower().split(",")} | {
        name for name, value in (extensions or {}).items() if value is True
    }
    return Asked(
        document=Reference.of(given),
        variables=variables,
        operation_name=name or None,
        explain_cache="cache" in wanted,
        explain_cost="cost" in wanted,
        size=size,
    )
