"""Answers as an event stream: graphql-sse's distinct connections mode.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing

from starlette.responses import StreamingResponse

from app.graphql.media import STREAM
from app.graphql.replies import CAREFUL, payload, written
from app.graphql.requests import Asked, BadRequest, Explain
from app.known import KnownDocuments, Unanswerable
from resolvers.access import Principal
from resolvers.faults import masked
from resolvers.guard import Limits
from resolvers.observer import observed
from resolvers.operations import Answer, answers
from resolvers.sources import Sources

KEEP_ALIVE = 12.0  # seconds of silence; proxies end connections that are silent for longer


def streamed(
    asked: Asked, documents: KnownDocuments, sources: Sources, who: Callable[[], Awaitable[Principal]], *, seconds: float
) -> StreamingResponse:
    """The response whose events `next` are the answers, with `complete` in the end. `who` tells who asks, and is called
    again for each of them, and while there is none; raises BadRequest where nobody may any more."""
    return StreamingResponse(
        _events(_found(asked, documents, sources, who, seconds), who, asked.explain, sources.documents.limits),
        media_type=STREAM,
        headers={
            "cache-control": "no-store",
            "x-accel-buffering": "no",
            "vary": "accept",
            **{name.decode(): value.decode() for name, value in CAREFUL},
        },
    )


async def _found(
    asked: Asked, documents: KnownDocuments, sources: Sources, who: Callable[[], Awaitable[Principal]], seconds: float
) -> AsyncGenerator[Answer]:
    try:
        text = await documents.text(asked.document)
    except Unanswerable as unanswerable:
        yield Answer(errors=[unanswerable.error], executed=False)
        return
    given = answers(
        text,
        sources,
        await who(),
        purpose=asked.purpose,
        variables=asked.variables,
        operation_name=asked.operation_name,
        reads_only=asked.reads_only,
        size=asked.size,
        seconds=seconds,
    )
    async with aclosing(given):
        async for each in given:
            try:
                await who()
            except BadRequest as bad:
                yield Answer(errors=[bad.error], executed=False)
                return
            yield each


async def _events(
    found: AsyncGenerator[Answer], who: Callable[[], Awaitable[Principal]], explain: Explain, limits: Limits
) -> AsyncIterator[bytes]:
    # Something to begin with: headers alone are kept back by some proxies.
    yield b":\n\n"
    async with aclosing(found):
        over = False
        while not over:
            coming = asyncio.ensure_future(anext(found, None))
            try:
                while not (await asyncio.wait([coming], timeout=KEEP_ALIVE))[0]:
                    await who()
                    yield b":\n\n"
                given = coming.result()
            except BadRequest as bad:
                given, over = Answer(errors=[bad.error], executed=False), True
            except Exception as error:
                given = Answer(errors=[masked(error, where="the stream")], executed=False)
            finally:
                coming.cancel()
                await asyncio.wait([coming])
            if given is None:
                break
            data, body = written(payload(given, explain, limits), limits.answer)
            observed.get().answered(body.get("errors", ()), given.executed)
            yield b"event: next\ndata: " + data + b"\n\n"
    yield b"event: complete\ndata:\n\n"
