"""Referrals as they come back: on the advocate's timeline, and as what brought the friend in."""

from __future__ import annotations

from graph.customers import Profile, ProfileKey, load_profiles
from graph.events import record
from graph.events.inputs import AcceptInput, Event, IdentifierKey, InviteInput
from graph.referrals import Referral
from graph.store import Store
from graph.timeline import load_entries, page_entries
from tests.graph.histories import SOURCE, at, by_email, identify


async def load(store: Store, *names: str) -> list[Profile]:
    found = await load_profiles(store, [ProfileKey.of("email", f"{name}@example.com") for name in names])
    return [profile for profile in found if profile is not None]


def invite(advocate: str, code: str, *, minutes: float, friend: str | None = None) -> InviteInput:
    key = IdentifierKey("email", f"{friend}@example.com") if friend else None
    return InviteInput(
        id=f"i-{code}",
        source=SOURCE,
        at=at(minutes),
        advocate=by_email(advocate),
        friend=key,
        code=code,
        channel="email",
        campaign="spring",
    )


def accept(friend: str, code: str, *, minutes: float) -> AcceptInput:
    return AcceptInput(id=f"a-{code}-{friend}", source=SOURCE, at=at(minutes), code=code, friend=by_email(friend))


async def tell(store: Store, *events: Event) -> None:
    outcome = await record(store, events)
    assert not outcome.rejected


async def test_an_invitation_names_whom_it_was_sent_to(graph: Store) -> None:
    await tell(graph, identify("ann"), invite("ann", "ANN-1", minutes=2, friend="bob"))
    [ann, bob] = await load(graph, "ann", "bob")
    [referral] = ann.entries
    assert isinstance(referral, Referral)
    assert (referral.at, referral.invited_at, referral.accepted_at, referral.referral_status) == (at(2), at(2), None, "INVITED")
    assert (referral.code, referral.channel, referral.campaign) == ("ANN-1", "email", "spring")
    assert referral.invitee is not None
    assert (referral.invitee.type, referral.invitee.value) == ("email", "bob@example.com")
    assert (referral.friend_id, bob.referred_by, ann.facts.referrals) == (None, None, 1)


async def test_who_brought_the_customer_in(graph: Store) -> None:
    await tell(graph, identify("ann"), identify("bob", minutes=1))
    await tell(graph, invite("ann", "ANN-1", minutes=2, friend="bob"), accept("bob", "ANN-1", minutes=3))
    ann, bob = await load(graph, "ann", "bob")
    brought = bob.referred_by
    assert brought is not None
    assert brought == ann.entries[0]
    assert (brought.accepted_at, brought.referral_status) == (at(3), "ACCEPTED")
    assert brought.friend_id is not None
    [advocate, friend] = await load_profiles(graph, [ProfileKey(id=brought.advocate_id), ProfileKey(id=brought.friend_id)])
    assert (advocate, friend) == (ann, bob)
    assert ann.referred_by is None
    [owned] = await load_entries(graph, [brought.id])
    assert owned is not None
    assert (owned.entry, owned.customer_id) == (brought, ann.id)
    assert await page_entries(graph, ann.id, kinds=["REFERRAL"], statuses=["ACCEPTED"], limit=5) == [brought]
    assert await page_entries(graph, ann.id, kinds=["REFERRAL"], statuses=["INVITED"], limit=5) == []


async def test_only_the_first_acceptance_brought_the_customer_in(graph: Store) -> None:
    await tell(graph, identify("ann"), identify("bea"), identify("bob"))
    await tell(graph, invite("bea", "BEA-1", minutes=1), invite("ann", "ANN-1", minutes=2))
    await tell(graph, accept("bob", "BEA-1", minutes=9))
    await tell(graph, accept("bob", "ANN-1", minutes=5))
    ann, bea, bob = await load(graph, "ann", "bea", "bob")
    assert bob.referred_by is not None
    assert bob.referred_by == ann.entries[0]
    [lost] = bea.entries
    assert isinstance(lost, Referral)
    assert (lost.referral_status, lost.friend_id) == ("SUPERSEDED", bob.referred_by.friend_id)
    assert lost.ended_at is not None


async def test_nobody_brings_in_those_who_brought_them_in(graph: Store) -> None:
    await tell(graph, identify("ann"), identify("bob"))
    await tell(graph, invite("ann", "ANN-1", minutes=1), invite("bob", "BOB-1", minutes=2))
    await tell(graph, accept("bob", "ANN-1", minutes=3), accept("ann", "BOB-1", minutes=4))
    ann, bob = await load(graph, "ann", "bob")
    assert bob.referred_by is not None
    assert ann.referred_by is None
    [refused] = bob.entries
    assert isinstance(refused, Referral)
    assert (refused.referral_status, refused.ended_reason) == ("REJECTED", "CYCLE")
