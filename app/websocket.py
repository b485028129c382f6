"""GraphQL over a WebSocket: the protocol graphql-transport-ws, whose states Strawberry keeps.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Container, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.async_base_view import AsyncWebSocketAdapter
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived, WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation
from strawberry.subscriptions.protocols.graphql_transport_ws.types import SubscribeMessage
from strawberry.types.unset import UNSET

from app.access import Access, Unauthenticated
from app.graphql import payload, written
from app.graphql.requests import MOST_PARTS, BadRequest, Explain, fault_of, headers_of, parts_of, purpose_of, too_many_parts
from app.known import KnownDocuments, Reference, Unanswerable
from app.observation import Observation
from graph.errors import StoreUnavailable
from resolvers.access import Principal
from resolvers.errors import plain
from resolvers.faults import masked, unavailable
from resolvers.guard import Limits
from resolvers.operations import answers
from resolvers.schema import schema
from resolvers.sources import Sources

PROTOCOL = "graphql-transport-ws"

MOST_OPERATIONS = 100
"""Operations under way on one connection."""

LOOK = 5.0
"""Seconds between two looks at whether a connection on which nothing comes may stay."""

FORBIDDEN = 4403
"""How a connection ends of one who may be here no more."""

TIME_TO_BEGIN = timedelta(seconds=10)


async def websocket(socket: WebSocket) -> None:
    """The endpoint."""
    settings = socket.scope["state"]["services"].settings
    if not may_connect(socket, settings.origins):
        # Before the handshake is accepted this is a 403.
        await socket.close()
        return
    if PROTOCOL not in socket.scope["subprotocols"]:
        await socket.accept()
        await socket.close(4406, f"Speak {PROTOCOL}")
        return
    await socket.accept(subprotocol=PROTOCOL)
    state = socket.scope["state"]
    seconds = settings.request_timeout_seconds
    begin = partial(state["observations"].begin, socket.scope["headers"])
    wire = _Wire(socket, state["sources"].documents.limits, settings.websocket_idle_seconds)
    headers = headers_of(socket.scope)
    connection = _Connection(
        state["guards"].access, headers.get(b"authorization"), headers.get(b"x-c360-purpose"), settings.purpose_required
    )
    await _Handler(wire, connection, state["documents"], state["sources"], begin, seconds).handle()


def may_connect(socket: WebSocket, origins: Container[str]) -> bool:
    """Whether the page that connects is ours, or of one of these origins, or it is no page: browsers let any page open a
    WebSocket to anywhere."""
    origin = socket.headers.get("origin")
    if origin is None or origin.lower() in origins:
        return True
    return urlsplit(origin).netloc.lower() == socket.headers.get("host", "").lower()


class _Wire(AsyncWebSocketAdapter):
    """A WebSocket as Strawberry wants one."""

    def __init__(self, socket: WebSocket, limits: Limits, idle: float) -> None:
        self._socket = socket
        self._limits = limits
        self._idle = idle
        self.size = 0
        #: Whether something is under way.
        self.busy: Callable[[], object] = bool
        #: Whether whoever is connected may still be.
        self.welcome: Callable[[], Awaitable[bool]] | None = None

    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        quiet, look = 0.0, min(self._idle, LOOK)
        while True:
            try:
                async with asyncio.timeout(look):
                    message = await self._socket.receive()
            except TimeoutError:
                if self.welcome is not None and not await self.welcome():
                    await self.close(FORBIDDEN, "Forbidden")
                    return
                quiet = 0.0 if self.busy() else quiet + look
                if quiet < self._idle:
                    continue
                await self.close(1000, f"Nothing was under way for {self._idle:g} seconds")
                return
            quiet = 0.0
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            if text is None:
                raise NonTextMessageReceived
            # Of the message that Strawberry handles next: it takes one after the other.
            data = text.encode()
            self.size = len(data)
            if self.size > self._limits.body and (parts := parts_of(data)) > MOST_PARTS:
                await self.close(1009, too_many_parts(parts))
                return
            try:
                yield orjson.loads(data)
            except orjson.JSONDecodeError:
                raise NonJsonMessageReceived from None

    async def send_json(self, message: Mapping[str, object]) -> None:
        try:
            await self._socket.send_text(orjson.dumps(message, option=orjson.OPT_UTC_Z).decode())
        except (WebSocketDisconnect, RuntimeError) as error:
            # RuntimeError: it was closed from this side meanwhile.
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        try:
            await self._socket.close(code, reason[:120])
        except (WebSocketDisconnect, RuntimeError) as error:
            raise WebSocketDisconnected from error


@dataclass(slots=True)
class _Connection:
    """Who is connected: by the credentials of the handshake, or of the message connection_init, which is all that browsers can
    send."""

    access: Access
    authorization: bytes | None
    purpose_header: bytes | None
    purpose_required: bool
    purpose: str | None = None
    begun: bool = False
    connection_params: dict[str, object] = field(default_factory=dict)

    async def principal(self) -> Principal:
        """Who it is; raises Unauthenticated, also where the credentials are good no more."""
        return self.access.at_hand(self.authorization) or await self.access.principal(self.authorization)

    async def welcome(self) -> bool:
        """Whether it may go on, as far as can be told."""
        if not self.begun:
            return True
        try:
            await self.principal()
        except Unauthenticated:
            return False
        except StoreUnavailable:
            pass
        return True


class _View:
    """What Strawberry's handler asks of a view."""

    async def on_ws_connect(self, connection: _Connection) -> Any:
        params = {name.lower(): value for name, value in connection.connection_params.items()}
        given, purpose = params.get("authorization"), params.get("purpose", params.get("x-c360-purpose"))
        if isinstance(given, str):
            connection.authorization = given.encode("utf-8", "replace")
        if isinstance(purpose, str):
            connection.purpose_header = purpose.encode("utf-8", "replace")
        try:
            await connection.principal()
            connection.purpose = purpose_of(connection.purpose_header)
        except (Unauthenticated, StoreUnavailable, BadRequest):
            raise ConnectionRejectionError from None
        if connection.purpose_required and connection.purpose is None:
            raise ConnectionRejectionError
        connection.begun = True
        return UNSET


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a message asks for. `size`: of the message, in bytes."""

    document: Reference
    explain: Explain
    size: int


class _Handler(BaseGraphQLTransportWSHandler[_Connection, None]):
    def __init__(
        self,
        wire: _Wire,
        connection: _Connection,
        documents: KnownDocuments,
        sources: Sources,
        begin: Callable[[], Observation],
        seconds: float,
    ) -> None:
        view: Any = _View()
        super().__init__(view, wire, connection, None, schema, TIME_TO_BEGIN, MOST_OPERATIONS)
        wire.busy = lambda: self.operations
        wire.welcome = connection.welcome
        self._documents = documents
        self._sources = sources
        self._wire = wire
        self._begin = begin
        self._seconds = seconds

    async def handle_message(self, message: Any) -> None:
        fault = _fault(message)
        if fault is not None:
            await self.handle_invalid_message(fault)
            return
        if message["type"] == "subscribe":
            asked = message["payload"]
            # Strawberry takes whatever stands there for the text, and hands it to run_operation.
            asked["query"] = _Asked(Reference.of(asked), Explain.of(asked.get("extensions")), self._wire.size)
        await super().handle_message(message)

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        number = len(self.operations)
        if self.connection_acknowledged and number >= MOST_OPERATIONS and message["id"] not in self.operations:
            told = f"{number} operations are under way on this connection, and {MOST_OPERATIONS} may; wait, or open another one."
            refusal: Any = plain(told, "TOO_MANY_OPERATIONS", limit=MOST_OPERATIONS, actual=number + 1)
            await self.send_message({"id": message["id"], "type": "error", "payload": [refusal]})
            return
        await super().handle_subscribe(message)

    async def run_operation(self, operation: Operation[_Connection, None]) -> None:
        with self._begin() as seen:
            await self._run(operation, seen)

    async def _run(self, operation: Operation[_Connection, None], seen: Observation) -> None:
        asked: Any = operation.query
        try:
            found = answers(
                await self._documents.text(asked.document),
                self._sources,
                await self.context.principal(),
                purpose=self.context.purpose,
                variables=operation.variables,
                operation_name=operation.operation_name,
                size=asked.size,
                seconds=self._seconds,
            )
            async with aclosing(found):
                async for given in found:
                    await self.context.principal()
                    if not given.executed:
                        seen.answered(given.errors, given.executed)
                        await self._send(operation, "error", given.errors)
                        return
                    limits = self._sources.documents.limits
                    data, body = written(payload(given, asked.explain, limits), limits.answer)
                    seen.answered(body.get("errors", ()), given.executed)
                    await self._send(operation, "next", orjson.Fragment(data))
            await self._send(operation, "complete")
        except Unanswerable as unanswerable:
            await self._refuse(operation, seen, unanswerable.error)
        except Unauthenticated:
            # Nobody is there any more whom this connection could be for.
            with suppress(WebSocketDisconnected):
                await self._wire.close(FORBIDDEN, "Forbidden")
        except StoreUnavailable:
            await self._refuse(operation, seen, unavailable())
        except WebSocketDisconnected:
            return
        except Exception as error:
            await self._refuse(operation, seen, masked(error, where="the websocket"))

    async def _refuse(self, operation: Operation[_Connection, None], seen: Observation, error: dict[str, Any]) -> None:
        seen.answered([error], False)
        await self._send(operation, "error", [error])

    async def _send(self, operation: Operation[_Connection, None], kind: str, payload: object = None) -> None:
        message: Any = {"id": operation.id, "type": kind}
        if payload is not None:
            message["payload"] = payload
        await operation.send_operation_message(message)


def _fault(message: object) -> str | None:
    """What is wrong with the form of a message."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "Send objects with a type"
    if message["type"] not in ("subscribe", "complete"):
        return None
    if not isinstance(message.get("id"), str) or not message["id"]:
        return "Send id, a string"
    if message["type"] == "complete":
        return None
    asked = message.get("payload")
    if not isinstance(asked, dict) or not any(asked.get(name) is not None for name in ("query", "documentId", "extensions")):
        return "Send payload.query, a string"
    try:
        Reference.of(asked)
    except Unanswerable as unanswerable:
        return str(unanswerable)
    return fault_of(asked)
