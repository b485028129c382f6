"""What an operation may ask for: each limit at its value and one above, and texts made to cost more than they are long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import fields, replace

import pytest
from graphql import get_introspection_query, parse
from hypothesis import given
from hypothesis import strategies as st

from app.server import limits_of
from app.settings import Settings
from benchmarks.hostile import CUSTOMER, HOSTILE, nested_spreads
from resolvers.documents import Document, Documents, read
from resolvers.guard import MOST, Limits, faults
from tests.api.conftest import Api

LIMITS = Limits()


def codes(text: str, limits: Limits = LIMITS) -> list[str]:
    return [error["extensions"]["code"] for error in read("", text, limits).errors]


Repeated = Callable[[int], str]


def nested(turns: int) -> str:
    """Valid, and three fields deeper with each turn: two fields without one."""
    inner = "id"
    for _ in range(turns):
        inner = f"touchpoints {{ nodes {{ customer {{ {inner} }} }} }}"
    return f"{{ {CUSTOMER} {{ {inner} }} }}"


def names(number: int) -> str:
    """So many fields of a customer."""
    some = ("id", "name", "givenName", "familyName", "birthDate", "gender", "locale", "timeZone", "country", "lastSeenAt")
    return " ".join(some[n % len(some)] for n in range(number))


def wide(selections: int) -> str:
    """Ten customers, each with a tenth of the selections."""
    each = [(selections + n) // 10 - 1 for n in range(10)]
    return "{ " + " ".join(f"a{n}: {CUSTOMER} {{ {names(many)} }}" for n, many in enumerate(each)) + " }"


def test_a_document_may_be_as_deep_as_the_limit_and_no_deeper() -> None:
    for turns in range(5):
        text, depth = nested(turns), 2 + 3 * turns
        assert codes(text, replace(LIMITS, depth=depth)) == []
        [error] = read("", text, replace(LIMITS, depth=depth - 1)).errors
        assert error["extensions"]["code"] == "DOCUMENT_TOO_DEEP"
        assert f"is {depth} fields deep; nest at most {depth - 1}" in error["message"]
    assert codes(nested(3)) == [] and codes(nested(4)) == ["DOCUMENT_TOO_DEEP"]
    assert codes(f"{{ {CUSTOMER} {{ ... on Customer {{ ... {{ id }} }} }} }}", replace(LIMITS, depth=2)) == []
    spread = f"{{ {CUSTOMER} {{ ...F }} }} fragment F on Customer {{ touchpoints {{ totalCount }} }}"
    assert codes(spread, replace(LIMITS, depth=3)) == []
    assert codes(spread, replace(LIMITS, depth=2)) == ["DOCUMENT_TOO_DEEP"]


@pytest.mark.parametrize(
    ("limit", "code", "repeated"),
    [
        ("aliases", "TOO_MANY_ALIASES", lambda n: f"{{ {CUSTOMER} {{ {' '.join(f'a{i}: id' for i in range(n))} }} }}"),
        ("root_fields", "TOO_MANY_ROOT_FIELDS", lambda n: f"{{ {'__typename ' * n} }}"),
        (
            "directives",
            "TOO_MANY_DIRECTIVES",
            lambda n: f"{{ {CUSTOMER} {{ {' '.join('id @skip(if: false)' for _ in range(n))} }} }}",
        ),
        ("selections", "TOO_MANY_SELECTIONS", wide),
    ],
)
def test_an_operation_may_have_as_many_as_the_limit_and_no_more(limit: str, code: str, repeated: Repeated) -> None:
    most = getattr(LIMITS, limit)
    assert codes(repeated(most)) == []
    [error] = read("", repeated(most + 1), LIMITS).errors
    assert error["extensions"]["code"] == code
    assert f" {most + 1:,} " in error["message"] and f"at most {most:,}" in error["message"]


def test_what_a_fragment_has_counts_each_time_it_is_spread() -> None:
    fragment = " fragment F on Customer { a: id @skip(if: false) b: name }"
    text = "{ " + " ".join(f"... {{ {CUSTOMER} {{ ...F }} }}" for _ in range(3)) + " }" + fragment
    # Three inline fragments, customers and spreads, and two fields in each.
    for limit, count in (("aliases", 6), ("directives", 3), ("root_fields", 3), ("selections", 15)):
        assert codes(text, replace(LIMITS, **{limit: count})) == [], limit
        assert len(codes(text, replace(LIMITS, **{limit: count - 1}))) == 1, limit


def test_directives_count_wherever_they_stand() -> None:
    text = "query ($a: ID! @a) @a { customer(by: {id: $a}) @a { ...F @a ... @a { id @a } } } fragment F on Customer @a { id @a }"
    found = [error.message for error in faults(parse(text), replace(LIMITS, directives=0))]
    assert found == ["The operation has 8 directives; send at most 0."]


def test_operations_are_counted_one_by_one() -> None:
    text = " ".join(f"query Q{n} {{ {'__typename ' * 10} }}" for n in range(20))
    assert codes(text) == []
    assert codes(f"{text} query R {{ {'__typename ' * 11} }}") == ["TOO_MANY_ROOT_FIELDS"]


def test_nested_spreads_are_refused_with_a_number_that_can_be_read() -> None:
    errors = read("", nested_spreads(150), LIMITS).errors
    assert [each["extensions"]["code"] for each in errors] == ["TOO_MANY_ROOT_FIELDS", "TOO_MANY_SELECTIONS"]
    assert all(f"{MOST:,} or more" in each["message"] for each in errors)


def test_fragments_that_spread_each_other_are_refused() -> None:
    for text in (
        "{ ...A } fragment A on Query { ...A }",
        "{ ...A } fragment A on Query { ... { ...B } } fragment B on Query { ...A }",
        "{ __typename } fragment A on Query { ...B } fragment B on Query { ...A }",
    ):
        [error] = read("", text, LIMITS).errors
        assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED" and "spreads itself" in error["message"]


def test_tokens_comments_and_characters_have_limits() -> None:
    assert codes(f"{{ {'__typename ' * 8} }}", replace(LIMITS, tokens=10)) == []
    assert codes(f"{{ {'__typename ' * 9} }}", replace(LIMITS, tokens=10)) == ["TOO_MANY_TOKENS"]
    assert codes("#\n" * 10 + "{ __typename }", replace(LIMITS, tokens=10)) == []
    [error] = read("", "#\n" * 11 + "{ __typename }", replace(LIMITS, tokens=10)).errors
    assert error["extensions"]["code"] == "TOO_MANY_TOKENS" and "more than 10 comments" in error["message"]


async def test_a_text_may_be_as_long_as_the_limit() -> None:
    documents = Documents(replace(LIMITS, text=20))
    assert (await documents.find("{ __typename }".ljust(20))).errors == ()
    [error] = (await documents.find("{ __typename }".ljust(21))).errors
    assert error["extensions"]["code"] == "DOCUMENT_TOO_LONG" and "21" in error["message"] and "20" in error["message"]


def test_no_more_errors_of_validation_are_told_than_the_limit_says() -> None:
    text = "{" + " ".join(f"x{n}" for n in range(10)) + "}"
    assert len(codes(text)) == LIMITS.errors + 1
    assert len(codes(text, replace(LIMITS, errors=1))) == 2


def test_an_error_quotes_no_more_than_a_part_of_a_long_text() -> None:
    [error] = read("", "{ " + "a" * 50_000 + " }", LIMITS).errors
    assert len(error["message"]) <= 1_000


async def test_introspection_by_the_usual_tools_is_within_the_limits(api: Api) -> None:
    everything = get_introspection_query(
        descriptions=True,
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
        one_of=True,
    )
    assert "types" in (await api.data(everything))["__schema"]
    # What clients of Apollo add to each selection.
    assert codes(everything.replace("name\n", "name __typename\n")) == []
    assert (
        codes('{ __type(name: "Customer") { name fields { name type { name ofType { name } } } } __schema { types { name } } }')
        == []
    )


def test_introspection_has_limits_of_its_own() -> None:
    deep = "{ __schema { types { " + "ofType { " * 17 + "name" + " }" * 17 + " } } }"
    assert codes(deep) == []
    assert codes(deep.replace("{ name }", "{ ofType { name } }")) == ["DOCUMENT_TOO_DEEP"]
    wide = "{ __schema { types { name kind description } } }"
    assert codes(wide, replace(LIMITS, introspection_selections=4, selections=1)) == []
    assert codes(wide, replace(LIMITS, introspection_selections=3)) == ["TOO_MANY_SELECTIONS"]
    doubled = "{ __schema { types { ...F0 } } } " + " ".join(
        f"fragment F{n} on __Type {{ ...F{n + 1} ...F{n + 1} }}" for n in range(20)
    )
    assert codes(doubled + " fragment F20 on __Type { name }") == ["TOO_MANY_SELECTIONS"]


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_text_is_answered_and_does_not_hold_the_event_loop(name: str) -> None:
    # Machines are noisy, and benchmarks/holds.py has the figures: once in a few times is enough to tell a noise from a hold.
    for _ in range(5):
        documents = Documents(LIMITS)
        document, held = await _watched(documents, HOSTILE[name])
        assert document.errors or document.operations
        assert await documents.find(HOSTILE[name]) is document
        documents.close()
        if held < 0.5:
            return
    pytest.fail(f"the event loop was held for {held:.1f} s, five times")


async def _watched(documents: Documents, text: str) -> tuple[Document, float]:
    """The document of a text, and the longest time in which the event loop did nothing else meanwhile."""
    task = asyncio.create_task(documents.find(text))
    longest, last = 0.0, time.perf_counter()
    while not task.done():
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    return await task, longest


@given(st.text(alphabet='{}()[]$@!:."#abF0 \n', max_size=60))
def test_any_text_is_either_wrong_or_a_document(text: str) -> None:
    document = read("", text, LIMITS)
    assert bool(document.errors) == (document.node is None)
    assert all(error["message"] and error["extensions"]["code"] for error in document.errors)


async def test_documents_are_read_once_also_when_they_are_wrong_or_asked_for_at_once() -> None:
    documents = Documents(LIMITS)
    for text in ("{ __typename }", "{ nonsense }", "{", nested_spreads(20)):
        assert documents.kept(text) is None
        first, second = await asyncio.gather(documents.find(text), documents.find(text))
        assert first is second is documents.kept(text)


async def test_a_request_that_is_given_up_takes_no_other_along() -> None:
    documents = Documents(LIMITS)
    one, other = (asyncio.create_task(documents.find(HOSTILE["900 equal fields"])) for _ in range(2))
    await asyncio.sleep(0)
    one.cancel()
    assert (await other).errors


async def test_documents_that_were_not_asked_for_lately_are_forgotten() -> None:
    documents = Documents(LIMITS, size=2)
    texts = [f"query Q{n} {{ __typename }}" for n in range(3)]
    await documents.find(texts[0])
    await documents.find(texts[1])
    await documents.find(texts[0])
    await documents.find(texts[2])
    assert [documents.kept(text) is None for text in texts] == [False, True, False]
    # A long one takes the place of many.
    await documents.find(f"{{ {CUSTOMER} {{ {names(300)} }} }}")
    assert documents.kept(texts[0]) is None and documents.kept(texts[2]) is None


async def test_too_many_new_texts_at_once_are_turned_away() -> None:
    documents = Documents(LIMITS)
    found = await asyncio.gather(*(documents.find(f"query Q{n} {{ __typename }}") for n in range(150)))
    away = [each for each in found if each.errors]
    assert len(away) == 50 and {each.errors[0]["extensions"]["code"] for each in away} == {"UNAVAILABLE"}
    # They are no worse for it.
    assert (await documents.find("query Q149 { __typename }")).errors == ()


def test_operations_are_found_by_name() -> None:
    two = read("", "query A { __typename } mutation B { recordEvents(events: []) { accepted } }", LIMITS)
    first, second = two.operation("A"), two.operation("B")
    assert first is not None and second is not None
    assert (first.label, first.only_records_events, second.only_records_events) == ("A", False, True)
    assert two.operation(None) is None and two.operation("C") is None
    one = read("", "{ __typename }", LIMITS).operation(None)
    assert one is not None and one.label == "anonymous"


def test_the_settings_have_the_defaults_of_the_limits() -> None:
    assert limits_of(Settings()) == LIMITS
    changed = Settings(**{f"limit_{each.name}": 7 for each in fields(Limits)})  # type: ignore[arg-type]
    assert limits_of(changed) == Limits(**{each.name: 7 for each in fields(Limits)})
