"""`python -m tests.graph.ring_writer URI USER PASSWORD`: one process of several that accept invitations at once.

Reads from standard input a list of [code, friend, hours], each accepted in a transaction of its own, many at a time, once a line
follows; prints how many were accepted.
"""

from __future__ import annotations

import asyncio
import json
import sys

from graph.events import record
from graph.store import Store
from tests.happenings import accept, user

AT_ONCE = 8


async def main() -> None:
    uri, name, password = sys.argv[1:]
    store = await Store.connect(uri, user=name, password=password)
    await store.verify()
    work: list[tuple[str, str, float]] = json.loads(sys.stdin.readline())
    print("ready", flush=True)
    sys.stdin.readline()
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(code: str, friend: str, hours: float) -> int:
        async with gate:
            return (await record(store, [accept(f"a-{code}", hours, code, user(friend))])).accepted

    print(sum(await asyncio.gather(*(one(*each) for each in work))), flush=True)
    await store.close()


if __name__ == "__main__":
    asyncio.run(main())
