"""API keys in the graph: made, replaced, ended, and never kept themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from graph import keys
from graph.errors import UnknownKey
from graph.keys import public_part
from graph.store import Store

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


async def test_a_key_opens_by_its_whole_text_only(store: Store) -> None:
    made = await keys.create(store, name="website", scopes=["profile:read"], now=NOW)
    (found,) = (await keys.load(store, [made.key.id])).values()
    assert found == made.key and found.opens(made.text)
    assert public_part(made.text) == found.id
    assert not found.opens(made.text[:-1] + ("0" if made.text[-1] != "0" else "1"))
    assert not found.opens(found.id) and not found.opens("")


async def test_the_graph_has_no_secret(store: Store) -> None:
    made = await keys.create(store, name="website", scopes=["profile:read"], now=NOW)
    secret = made.text.removeprefix(made.key.id + "_")
    async with store._driver.session() as session:
        result = await session.run("MATCH (k:ApiKey) RETURN collect(properties(k)) AS all")
        (row,) = [row async for row in result]
    assert made.key.id in str(row["all"]) and secret not in str(row["all"])
    assert secret not in repr(made) and made.text not in repr(made)


async def test_a_key_that_is_replaced_is_good_for_a_while_yet(store: Store) -> None:
    old = await keys.create(store, name="shop", scopes=["event:write"], source="shop", now=NOW, lasting=30 * DAY)
    new = await keys.rotate(store, old.key.id, now=NOW + DAY, overlap=7 * DAY)
    assert new.text != old.text
    assert (new.key.name, new.key.scopes, new.key.source) == ("shop", ("event:write",), "shop")
    assert new.key.expires_at == NOW + 31 * DAY
    before = (await keys.load(store, [old.key.id]))[old.key.id]
    assert not before.ended(NOW + 7 * DAY) and before.ended(NOW + 8 * DAY)


async def test_an_overlap_makes_no_key_last_longer(store: Store) -> None:
    old = await keys.create(store, name="shop", scopes=["event:write"], now=NOW, lasting=DAY)
    await keys.rotate(store, old.key.id, now=NOW, overlap=7 * DAY)
    assert (await keys.load(store, [old.key.id]))[old.key.id].expires_at == NOW + DAY


async def test_a_revoked_key_stays_revoked_since_when_it_was(store: Store) -> None:
    made = await keys.create(store, name="shop", scopes=["event:write"], now=NOW)
    await keys.revoke(store, made.key.id, now=NOW + DAY)
    again = await keys.revoke(store, made.key.id, now=NOW + 2 * DAY)
    assert again.revoked_at == NOW + DAY and again.ended(NOW)
    with pytest.raises(UnknownKey):
        await keys.rotate(store, made.key.id, now=NOW + DAY, overlap=DAY)


async def test_ending_a_key_that_there_isnt_says_so(store: Store) -> None:
    with pytest.raises(UnknownKey, match="c360 keys list"):
        await keys.revoke(store, "c360_ffffffffffff", now=NOW)


async def test_every_change_is_counted_and_a_use_is_none(store: Store) -> None:
    before = await keys.version(store)
    made = await keys.create(store, name="a", scopes=["profile:read"], now=NOW)
    await keys.revoke(store, made.key.id, now=NOW)
    changed = await keys.version(store)
    assert changed == before + 2
    await keys.used(store, {made.key.id: NOW + DAY, "c360_ffffffffffff": NOW})
    await keys.used(store, {made.key.id: NOW})
    assert (await keys.load(store, [made.key.id]))[made.key.id].last_used_at == NOW + DAY
    assert await keys.version(store) == changed


async def test_all_keys_are_listed_once(store: Store) -> None:
    made = [(await keys.create(store, name=str(n), scopes=["profile:read"], now=NOW)).key.id for n in range(3)]
    listed = [each.id async for page in keys.pages(store) for each in page]
    assert listed == sorted(set(listed)) and set(made) <= set(listed)


@pytest.mark.parametrize(
    "text", ["", "c360_", "c360_0123456789ab", "C360_0123456789ab_" + "0" * 40, "c360_0123456789ab_" + "0" * 41, "x" * 10**6]
)
def test_what_is_no_key_has_no_public_part(text: str) -> None:
    assert public_part(text) is None
