"""`make torture`, short: each trouble once, and nothing acknowledged is lost, doubled or read as it was before."""

from __future__ import annotations

from app.local.stack import Programs
from tests.torture.__main__ import KILLS, OTHERS
from tests.torture.run import torture


async def test_nothing_is_lost_doubled_or_stale_whatever_is_killed(programs: Programs) -> None:
    report = await torture(programs, [*KILLS, *OTHERS], seed=7, patient=False)
    assert report.violations == []
    assert report.events > 200
    assert report.reads["hit"] > 20
