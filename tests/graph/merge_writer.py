"""`python -m tests.graph.merge_writer URI USER PASSWORD NAME SEED COUNT`: one process of several that merge the same few people,
take merges back, and tell of them, all at once, once a line comes in.

Prints as JSON how many of its events were kept, how many purchases among them, and with which codes the others were refused.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import Counter

from graph.events import record
from graph.events.inputs import Event, MergeInput, UndoMergeInput
from graph.identity.merges import find_merge_by_event
from graph.store import Store
from tests.happenings import accept, at, identify, invite, purchase, touchpoint, user

PEOPLE = 6
AT_ONCE = 6


async def main() -> None:
    uri, user_name, password, name, seed, count = sys.argv[1:]
    store = await Store.connect(uri, user=user_name, password=password)
    await store.verify()
    print("ready", flush=True)
    sys.stdin.readline()
    chance, merged = random.Random(int(seed)), list[str]()
    kept, refused = Counter[str](), Counter[str]()
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with gate:
            event = await _event(store, chance, f"{name}{number}", merged)
            outcome = await record(store, [event])
            if outcome.rejected:
                refused[outcome.rejected[0].code] += 1
                return
            kept[event.kind] += 1
            if isinstance(event, MergeInput):
                id = await find_merge_by_event(store, f"desk\x1f{event.id}")
                assert id is not None
                merged.append(id)

    await asyncio.gather(*(one(number) for number in range(int(count))))
    print(json.dumps([kept, refused]), flush=True)
    await store.close()


async def _event(store: Store, chance: random.Random, id: str, merged: list[str]) -> Event:
    one, other = (f"p{number}" for number in chance.sample(range(PEOPLE), 2))
    hours, kind = chance.randrange(100), chance.random()
    if kind < 0.3:
        return MergeInput(
            id=id, source="desk", at=at(200 + hours), keep=user(one), absorb=user(other), reason="the same", actor="ops"
        )
    if kind < 0.6 and merged:
        id_of_merge = merged.pop(chance.randrange(len(merged)))
        apart = chance.random() < 0.3
        return UndoMergeInput(
            id=id, source="desk", at=at(400 + hours), merge=id_of_merge, reason="two", actor="ops", keep_apart=apart
        )
    if kind < 0.7:
        return identify(id, hours, ("user_id", one), ("email", f"{one if chance.random() < 0.9 else other}@example.com"))
    if kind < 0.8:
        return accept(id, hours, f"code-{one}", user(other))
    if kind < 0.85:
        return invite(id, hours, user(one), f"more-{id}")
    if kind < 0.95:
        return purchase(id, hours, user(one), id)
    return touchpoint(id, hours, user(one))


if __name__ == "__main__":
    asyncio.run(main())
