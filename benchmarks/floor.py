"""`python -m benchmarks.floor PORT`: the least that an answer costs: Starlette on uvicorn, and one GET of its bytes from Redis.

It takes the very requests that the service takes, and reads the operation's name and the customer's id from them. Answers are
put there beforehand, see `kept_under`. The address is that of REDIS_URL.
"""

from __future__ import annotations

import os
import sys

import orjson
import uvicorn
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def kept_under(operation: str, id: str) -> str:
    """The key of the answer to an operation about a customer."""
    return f"floor:{operation}:{id}"


def floor(redis: Redis) -> Starlette:
    async def answer(request: Request) -> Response:
        asked = orjson.loads(await request.body())
        found = await redis.get(kept_under(asked["operationName"], asked["variables"]["id"]))
        return Response(found, status_code=404 if found is None else 200, media_type="application/json")

    async def readyz(_: Request) -> Response:
        return Response(b"ok")

    return Starlette(routes=[Route("/graphql", answer, methods=["POST"]), Route("/readyz", readyz)])


def main() -> None:
    app = floor(Redis.from_url(os.environ["REDIS_URL"]))
    # As app/commands/web.py has it.
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()
