"""The referral network by the service and by the peer: requests a second over several connections, both up at once, in turn."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from statistics import median

import msgspec
from msgspec import structs

from app.settings import Settings
from benchmarks.contenders import answering_peer, asked, service
from benchmarks.figures import Figure, at_least
from benchmarks.hotpath import sent_in_turn
from benchmarks.load import connected
from benchmarks.planted import Truth
from benchmarks.preparing import Prepared
from benchmarks.referrals import ForestSize
from benchmarks.rivals import Rival, nested, through_cypher
from benchmarks.traffic import Operation, Subjects, Traffic

OVER_PEER = at_least(2)


async def contests(
    settings: Settings, folder: Path, size: ForestSize, truth: Truth, prepared: Sequence[Prepared], say: Callable[[str], None]
) -> AsyncIterator[Figure]:
    """A figure for each way in which the peer can answer one of the questions."""
    ours = {each.question.name: each for each in prepared}
    rivals, statements = [], {}
    for rival in nested(truth):
        if rival.question in ours:
            rivals.append(rival)
            if (found := through_cypher(rival, ours[rival.question].asked[0])) is not None:
                rivals.append(found.rival)
                statements[found.field] = found.statement
    async with service(settings) as (port, _), answering_peer(settings, statements) as (peer_port, _):
        for rival in rivals:
            if (why := await _fails(peer_port, rival)) is not None:
                say(f"the peer has no answer, {rival.way}: {rival.question}: {why}")
                continue
            both = ((port, rival.ours), (peer_port, rival.operation))
            plans = [_plan(folder, each, operation, rival.id, size) for each, operation in both]
            yield await _contest(plans, rival, size, customers=truth.customers)


async def _fails(port: int, rival: Rival) -> str | None:
    """Why the peer can't answer, where it can't; raises AssertionError where it answers wrongly."""
    try:
        async with connected(port) as peer:
            answer = await asked(peer, rival.operation, rival.id)
    except (AssertionError, EOFError, OSError) as error:
        return str(error)[:200]
    counted = rival.counted(answer["data"])
    assert counted == rival.expected, f"the peer, {rival.way}: {rival.question}: {counted} is not {rival.expected}"
    return None


async def _contest(plans: Sequence[Traffic], rival: Rival, size: ForestSize, *, customers: int) -> Figure:
    await sent_in_turn(*(structs.replace(plan, seconds=size.peer_warm) for plan in plans), rounds=1)
    found = [await sent_in_turn(*plans, rounds=size.turns) for _ in range(size.rounds)]
    for answered in (each for both in found for each in both):
        assert not answered.failed, answered.failure
    return Figure(
        case=f"{rival.question}, {size.connections} connections, {customers:,} customers",
        value=median(ours.rate for ours, _ in found),
        unit="requests/s",
        against=f"peer, {rival.way}",
        reference=median(peer.rate for _, peer in found),
        ratio=median(ours.rate / peer.rate for ours, peer in found),
        target=OVER_PEER,
    )


def _plan(folder: Path, port: int, operation: Operation, id: str, size: ForestSize) -> Traffic:
    path = folder / f"{port}-{operation.name}-{id}.json"
    path.write_bytes(msgspec.json.encode(Subjects(operations=[operation], ids=[id])))
    return Traffic(ports=[port], file=str(path), connections=size.connections, seconds=size.turn)
