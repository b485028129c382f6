"""Likely duplicates: those that the demo's generator planted are found, and nobody else."""

from __future__ import annotations

import pytest

from app.demo import generate, truth
from graph.customers import ProfileKey, load_profiles
from graph.events import record
from graph.events.inputs import IdentifyInput
from graph.identity.likeness import LEAST, Likely, compare, suggest
from graph.identity.suggestions import page_suggestions, renew_suggestions
from graph.store import Store
from tests.graph.conftest import AskCypher
from tests.graph.test_merges import FREE, merge, standing, told, undo
from tests.happenings import identify, user

CUSTOMERS, SEED = 800, 7


def person(id: str, name: str | None = "Ana Sato", born: str | None = "1990-01-02", *addresses: str) -> Likely:
    return Likely(id=id, name=name, birth_date=born, addresses=frozenset(addresses))


ANA = person("a", "Ana Sato", "1990-01-02", "x")
PAIRS = {
    "all the same": (person("b", "Ana Sato", "1990-01-02", "x"), True),
    "names the other way round": (person("b", "Sato, Ana", "1990-01-02"), True),
    "a misspelt name": (person("b", "Anna Sato", "1990-01-02", "x"), True),
    "capitals and accents": (person("b", "ANÁ SATO", "1990-01-02"), True),
    "an initial": (person("b", "SATO, A.", "1990-01-02", "x"), True),
    "another initial": (person("b", "SATO, K.", "1990-01-02", "x"), False),
    "another script": (person("b", "佐藤 亜菜", "1990-01-02", "x"), True),
    "moved, and nothing else": (person("b", "Ana Sato", "1990-01-02", "y"), False),
    "the name alone": (person("b", "Ana Sato", None), False),
    "a brother": (person("b", "Ken Sato", "1993-04-05", "x"), False),
    "a twin": (person("b", "Ken Sato", "1990-01-02", "x"), False),
    "a namesake": (person("b", "Ana Sato", "1955-01-02", "y"), False),
    "nobody knows": (person("b", None, None), False),
}


@pytest.mark.parametrize("pair", PAIRS)
def test_who_is_alike(pair: str) -> None:
    other, alike = PAIRS[pair]
    found = compare(ANA, other)
    assert (found is not None) is alike
    assert [(each.one, each.other) for each in suggest([ANA, other])] == ([("a", "b")] if alike else [])
    if found is not None:
        assert LEAST <= found.score <= 1 and len(found.reasons) >= 2


def test_letters_that_only_some_alphabets_have_are_letters() -> None:
    one, other = person("a", "Jørgen Łukasz", "1990-01-02"), person("b", "Jorgen Lukasz", "1990-01-02")
    assert compare(one, other) is None or compare(one, other).score < 1  # type: ignore[union-attr]
    cyrillic, japanese = person("a", "Анна Сато", "1990-01-02", "x"), person("b", "佐藤 亜菜", "1990-01-02", "x")
    assert compare(cyrillic, japanese) is not None


def test_what_many_share_says_nothing() -> None:
    office = [person(f"{number:03}", f"Person {number}", f"{1700 + number}-01-01", "office") for number in range(300)]
    assert suggest(office) == []


async def test_planted_duplicates_are_found(graph: Store, capsys: pytest.CaptureFixture[str]) -> None:
    """Precision and recall, against what the generator planted; and what shares a strong identifier is one already."""
    planted = truth(customers=CUSTOMERS, seed=SEED)
    batch = []
    for event in generate(customers=CUSTOMERS, seed=SEED):
        if isinstance(event, IdentifyInput):
            batch.append(event)
    for start in range(0, len(batch), 500):
        assert not (await record(graph, batch[start : start + 500])).rejected
    similar, strong = set(), 0
    for duplicate in planted.duplicates:
        keys = [ProfileKey.of(each.type, each.value) for each in (duplicate.first[0], duplicate.second[0])]
        one, other = [profile.id for profile in await load_profiles(graph, keys) if profile is not None]
        if duplicate.rule == "similar":
            assert one != other
            similar.add(frozenset((one, other)))
        else:
            assert one == other
            strong += 1
    assert len(similar) == planted.duplicates_similar >= 3 and strong == planted.duplicates_strong >= 3
    await renew_suggestions(graph)
    found = {frozenset(each.customers) for each in await page_suggestions(graph, limit=1_000)}
    precision, recall = len(found & similar) / len(found), len(found & similar) / len(similar)
    with capsys.disabled():
        print(f"\nsuggestions among {CUSTOMERS} customers: precision {precision:.3f}, recall {recall:.3f}")
    assert precision >= 0.95 and recall >= 0.95


async def test_suggestions_are_renewed_and_forget_what_was_decided(graph: Store, ask: AskCypher) -> None:
    home = {"kind": "home", "line1": "1 Main St", "postalCode": "100-0001", "country": "JP"}
    people = [
        identify(
            f"i{number}", number, ("user_id", f"u{number}"),
            traits={"name": f"Ana Sat{'oo'[: number % 2 + 1]}", "birthDate": "1990-01-02", "addresses": [home]},
        )
        for number in range(3)
    ]  # fmt: skip
    await told(graph, *people, rules=FREE)
    first = await renew_suggestions(graph)
    assert len(first) == 3
    listed = await page_suggestions(graph, limit=10)
    assert [each.score for each in listed] == sorted((each.score for each in listed), reverse=True) and len(listed) == 3
    rest = await page_suggestions(graph, limit=10, after=listed[1].order_key)
    assert rest == listed[1:]
    assert await renew_suggestions(graph) == first
    assert await page_suggestions(graph, limit=10) == listed
    # One of the pairs becomes one; the other two pairs are the same pair then.
    await told(graph, merge("m", user("u0"), user("u1")), rules=FREE)
    assert len(await page_suggestions(graph, limit=10)) == 2
    await renew_suggestions(graph)
    assert len(await page_suggestions(graph, limit=10)) == 1
    (id,) = await standing(ask)
    await told(graph, undo("u", id, keep_apart=True), rules=FREE)
    await renew_suggestions(graph)
    names = {frozenset(each.customers) for each in await page_suggestions(graph, limit=10)}
    apart = frozenset(each.id for each in await load_profiles(graph, [ProfileKey.of("user_id", f"u{n}") for n in (0, 1)]) if each)
    assert len(names) == 2 and apart not in names
