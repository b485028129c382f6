"""Messages as they come back."""

from __future__ import annotations

from graph.communications import Communication
from graph.customers import ProfileKey, load_profiles
from graph.events import record
from graph.events.inputs import CommunicationInput
from graph.store import Store
from graph.timeline import load_entries, page_entries
from tests.graph.histories import SOURCE, at, by_email


async def test_a_message_is_what_all_events_about_it_say(graph: Store) -> None:
    planned = CommunicationInput(
        id="1",
        source=SOURCE,
        at=at(0),
        customer=by_email("ann"),
        message="m",
        channel="email",
        purpose="marketing",
        status="PLANNED",
        planned_at=at(60),
        campaign="spring",
        offer="free tea",
    )
    sent = CommunicationInput(
        id="2",
        source=SOURCE,
        at=at(61),
        customer=by_email("ann"),
        message="m",
        channel="email",
        purpose="marketing",
        status="SENT",
    )
    await record(graph, [planned])
    [profile] = await load_profiles(graph, [ProfileKey.of("email", "ann@example.com")])
    assert profile is not None
    [before] = profile.entries
    assert isinstance(before, Communication)
    assert (before.at, before.planned_at, before.sent_at, before.communication_status) == (at(60), at(60), None, "PLANNED")

    await record(graph, [sent])
    [after] = await page_entries(graph, profile.id, kinds=["COMMUNICATION"], limit=5)
    assert isinstance(after, Communication)
    assert (after.id, after.at, after.sent_at, after.communication_status) == (before.id, at(61), at(61), "SENT")
    assert (after.channel, after.campaign, after.offer, after.purpose) == ("email", "spring", "free tea", "marketing")
    [owned] = await load_entries(graph, [after.id])
    assert owned is not None
    assert (owned.entry, owned.customer_id) == (after, profile.id)
