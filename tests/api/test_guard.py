"""What a document may ask for: each limit at its value and one above, and documents made to hurt."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from graphql import get_introspection_query

from resolvers.documents import Document, Documents, read
from resolvers.guard import Limits
from tests.api.conftest import Api

LIMITS = Limits()


def deep(levels: int) -> str:
    """A document of so many levels: every second one is a customer's account."""
    inner = "id"
    for _ in range(levels - 2):
        inner = f"account {{ {inner} }}"
    return f'{{ customer(by: {{email: "a@example.com"}}) {{ {inner} }} }}'


def aliases(number: int) -> str:
    return f"{{ channels {{ {' '.join(f'a{each}: id' for each in range(number))} }} }}"


def roots(number: int) -> str:
    """Half of them in a fragment."""
    written = number - number // 2
    spread = "... on Query { " + " ".join(f"b{each}: __typename" for each in range(number // 2)) + " }" if number > 1 else ""
    return f"{{ {' '.join(f'a{each}: __typename' for each in range(written))} {spread} }}"


def directives(number: int) -> str:
    return f"{{ channels {{ {' '.join('id @skip(if: false)' for _ in range(number))} }} }}"


def selections(number: int) -> str:
    """Expanded: a fragment of nine fields, spread again and again."""
    spreads, rest = divmod(number - 1, 10)
    fields = "id key label channelKind __typename a: id b: id c: id d: id"
    more = " ".join(["__typename"] * rest)
    return f"{{ channels {{ {'...F ' * spreads} {more} }} }} fragment F on Channel {{ {fields} }}"


@pytest.mark.parametrize(
    ("make", "limit", "code"),
    [
        (deep, LIMITS.depth, "DOCUMENT_TOO_DEEP"),
        (aliases, LIMITS.aliases, "TOO_MANY_ALIASES"),
        (roots, LIMITS.root_fields, "TOO_MANY_ROOT_FIELDS"),
        (directives, LIMITS.directives, "TOO_MANY_DIRECTIVES"),
        (selections, LIMITS.selections, "TOO_MANY_SELECTIONS"),
    ],
)
def test_a_limit_may_be_reached_and_not_passed(make: Callable[[int], str], limit: int, code: str) -> None:
    assert read(make(limit), LIMITS).errors == ()
    [error] = read(make(limit + 1), LIMITS).errors
    assert error["extensions"] == {"code": code, "limit": limit, "actual": limit + 1}
    assert f"{limit:,}" in error["message"] and f"{limit + 1:,}" in error["message"]


def test_a_document_has_an_end() -> None:
    assert codes(read("{" + "a " * LIMITS.tokens + "}", LIMITS)) == ["TOO_MANY_TOKENS"]
    [error] = read("#" * (LIMITS.characters + 1), LIMITS).errors
    assert error["extensions"] == {"code": "BODY_TOO_LARGE", "limit": LIMITS.characters, "actual": LIMITS.characters + 1}


def test_no_more_errors_are_told_than_help() -> None:
    found = read("{ channels { " + " ".join(f"nothing{each}" for each in range(100)) + " } }", LIMITS)
    assert len(found.errors) <= LIMITS.errors + 1 and set(codes(found)) == {"GRAPHQL_VALIDATION_FAILED"}


def codes(document: Document) -> list[str]:
    return [error["extensions"]["code"] for error in document.errors]


BOMB = (
    "{ ...F0 } "
    + " ".join(f"fragment F{each} on Query {{ ...F{each + 1} ...F{each + 1} }}" for each in range(150))
    + (" fragment F150 on Query { __typename }")
)
HOSTILE = {
    "fragments that spread others twice": (BOMB, "TOO_MANY_SELECTIONS"),
    "fragments that spread each other": (
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "900 equal fields": ("{ channels { " + "id " * 900 + "} }", None),
    "900 equal fields with fields of their own": ("{ " + "channels { id } " * 380 + "}", "TOO_MANY_ROOT_FIELDS"),
    "many equal lists": ("{ channels { id } " + "... on Query { channels { id } } " * 180 + "}", "TOO_MANY_ROOT_FIELDS"),
    "300 directives": ("{ channels { id " + "@a " * 300 + "} }", "TOO_MANY_DIRECTIVES"),
    "10,000 tokens": ("{ channels { " + "id " * 10_000 + "} }", "TOO_MANY_TOKENS"),
    "deep lists": ("{ nodes(ids: " + "[" * 900 + "]" * 900 + ") { id } }", "GRAPHQL_PARSE_FAILED"),
    "deeper lists": ("{ nodes(ids: " + "[" * 20_000 + ") { id } }", None),
    "deep fields": ("{ a " * 990 + "} " * 990, None),
    "deep objects": ("{ product(by: " + "{id: " * 600 + "1" + "}" * 600 + ") { id } }", None),
    "variables by the hundreds": (
        "query (" + " ".join(f"$v{each}: ID" for each in range(450)) + ") { __typename }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "fragments that nobody uses": (
        "{ __typename } " + " ".join(f"fragment F{each} on Query {{ __typename }}" for each in range(280)),
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "objects that are equal": (
        "{ channels { " + "id @include(if: true) a: id @skip(if: false) " * 9 + '} customer(by: {email: ""}) { id } }',
        None,
    ),
    "comments": ("#\n" * 40_000 + "{ __typename }", None),
    "one long text": ('{ product(by: {sku: "' + "x" * 90_000 + '"}) { id } }', None),
}


@pytest.mark.parametrize(("text", "code"), HOSTILE.values(), ids=HOSTILE)
async def test_a_document_made_to_hurt_holds_nobody_up(text: str, code: str | None) -> None:
    """The exact figures are those of `python -m benchmarks.holds`; machines of tests are shared."""
    documents, longest = Documents(), 0.0

    async def tick() -> None:
        nonlocal longest
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.001)
            longest, last = max(longest, time.perf_counter() - last), time.perf_counter()

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0.01)
    document = await documents.find(text)
    ticking.cancel()
    assert code is None or code in codes(document), document.errors[:2]
    assert longest < 1.0


async def test_what_was_read_is_remembered_right_or_wrong_and_forgotten_in_the_end() -> None:
    documents = Documents(Limits(kept=1_000))
    first, wrong = await documents.find("{ __typename }"), await documents.find("{ nothing }")
    assert documents.kept("{ __typename }") is first and documents.kept("{ nothing }") is wrong and wrong.errors
    for each in range(30):
        await documents.find(f"{{ a{each}: __typename }}")
    assert documents.kept("{ nothing }") is None and 1 < len(documents) <= 1_000 / 50


async def test_a_text_that_comes_while_it_is_read_is_read_once() -> None:
    documents = Documents()
    found = await asyncio.gather(*(documents.find("{ channels { id } }") for _ in range(20)))
    assert all(each is found[0] for each in found)


@pytest.mark.parametrize("everything", [True, False])
async def test_tools_that_ask_for_the_schema_get_it(api: Api, everything: bool) -> None:
    query = get_introspection_query(
        specified_by_url=everything,
        directive_is_repeatable=everything,
        schema_description=everything,
        input_value_deprecation=everything,
    )
    found = await api.data(query)
    assert {"Query", "Customer"} <= {each["name"] for each in found["__schema"]["types"]}


async def test_lists_of_introspection_do_not_multiply(api: Api) -> None:
    query = "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }"
    assert await api.codes(query) == ["GRAPHQL_VALIDATION_FAILED"]


async def test_the_refusal_is_a_request_error(api: Api) -> None:
    response = await api.http.post("/graphql", json={"query": deep(13)}, headers={"accept": "application/graphql-response+json"})
    assert response.status_code == 400 and "data" not in response.json()
    assert response.json()["errors"][0]["extensions"] == {"code": "DOCUMENT_TOO_DEEP", "limit": 12, "actual": 13}
