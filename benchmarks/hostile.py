"""Requests made to cost more than they are long. Each text has at most 100 KB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CUSTOMER = 'customer(by: {id: "cus_0"})'


def nested_spreads(levels: int) -> str:
    """Each fragment spreads the next one twice: spelled out it has 2 to the power of `levels` fields."""
    chain = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
    return f"{{ ...F0 }} {chain} fragment F{levels} on Query {{ __typename }}"


def crossed_fragments(number: int) -> str:
    """Fragments that all select the same fields, so that each would have to be compared with each."""
    spreads = " ".join(f"...F{n}" for n in range(number))
    fragments = " ".join(f"fragment F{n} on Customer {{ {' '.join(['id'] * 8)} }}" for n in range(number))
    return f"{{ {CUSTOMER} {{ {spreads} }} }} {fragments}"


def ring(number: int) -> str:
    fragments = " ".join(f"fragment F{n} on Query {{ ...F{(n + 1) % number} ...F{(n + 2) % number} }}" for n in range(number))
    return f"{{ ...F0 }} {fragments}"


HOSTILE: Mapping[str, str] = {
    "nested spreads": nested_spreads(180),
    "crossed fragments": crossed_fragments(90),
    "a ring of fragments": ring(180),
    "unused fragments": "{ __typename } " + " ".join(f"fragment F{n} on Query {{ __typename }}" for n in range(280)),
    "900 equal fields": f"{{ {CUSTOMER} {{ {'id ' * 900} }} }}",
    "900 equal fields of one alias": f"{{ {CUSTOMER} {{ {'a: id ' * 600} }} }}",
    "300 equal lists": f"{{ {CUSTOMER} {{ {'purchases { totalCount } ' * 300} }} }}",
    "300 directives": "{ __typename " + "@a " * 300 + "}",
    "300 directives with arguments": "{ __typename " + "@skip(if: false) " * 280 + "}",
    "10,000 tokens": "{" + " a" * 10_000 + " }",
    "300 operations": " ".join(f"query Q{n} {{ ...F }}" for n in range(300)) + " fragment F on Query { __typename }",
    "480 variables": "query (" + " ".join(f"$v{n}: String" for n in range(480)) + ") { __typename }",
    "480 variables of one name": "query (" + "$v: String " * 480 + ") { __typename }",
    "the same argument again": "{ customer(" + 'by: {id: "a"} ' * 220 + ") { id } }",
    "the same input field again": "{ customer(by: {" + 'id: "a" ' * 600 + "}) { id } }",
    "a deep list": "{ customer(by: " + "[" * 900 + "]" * 900 + ") { id } }",
    "a deep object": "{ customer(by: " + "{id: " * 500 + "1" + "}" * 500 + ") { id } }",
    "a wide list": "{ nodes(ids: [" + '"x" ' * 1_900 + "]) { id } }",
    "deep selections": "{ a" * 900 + " }" * 900,
    "deep inline fragments": f"{{ {CUSTOMER} " + "{ ... on Customer " * 190 + "{ id }" + " }" * 190 + " }",
    "unknown fields": "{" + " ".join(f"x{n}" for n in range(1_900)) + "}",
    "a long string": '{ customer(by: {email: "' + "a" * 99_000 + '"}) { id } }',
    "a long string of escapes": '{ customer(by: {email: "' + "\\u0041" * 16_000 + '"}) { id } }',
    "a long block string": '{ customer(by: {email: """' + "\n a" * 33_000 + '"""}) { id } }',
    "a long name": "{ " + "a" * 99_000 + " }",
    "a long comment": "#" * 99_000 + "\n{ __typename }",
    "many comments": "#\n" * 49_000 + "{ __typename }",
    "nothing but space": " " * 99_000 + "{ __typename }",
    "nothing but commas": "," * 99_000 + "{ __typename }",
    "an open string": '{ a(b: "' + "a" * 99_000,
    "open braces": "{" * 99_000,
}

RECORD = (
    "mutation ($events: [EventInput!]!) { recordEvents(events: $events) { accepted rejected { index } userErrors { code } } }"
)
UPSERT = "mutation ($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { userErrors { code } } }"


def large_variables() -> Mapping[str, tuple[str, dict[str, Any]]]:
    """Documents with variables: those of `recordEvents` are as large as they may be, 1 MB, the others 100 KB."""
    common = {"source": "s", "at": "2026-01-01T00:00:00Z"}
    customer = {"customer": {"email": "a@example.com"}}
    line = {"sku": "a", "quantity": 1, "unitPrice": {"amount": "1", "currency": "USD"}}
    identifier = {"type": "email", "value": "a@example.com"}
    deep: Any = 1
    for _ in range(200):
        deep = [deep]

    def purchases(number: int, lines: int) -> list[Any]:
        return [
            {"purchase": {**common, "id": f"{n}", "number": f"{n}", **customer, "items": [line] * lines}} for n in range(number)
        ]

    def touchpoints(number: int, length: int) -> list[Any]:
        rest = {**customer, "channel": "web", "type": "x", "properties": {"text": "x" * length}}
        return [{"touchpoint": {**common, "id": f"{n}", **rest}} for n in range(number)]

    events: dict[str, list[Any]] = {
        "1,000 touchpoints": touchpoints(1_000, 750),
        "1,000 purchases of 10 lines": purchases(1_000, 10),
        "6,000 touchpoints": touchpoints(6_000, 0),
        "a purchase of 12,000 lines": purchases(1, 12_000),
        "30 purchases of 400 lines": purchases(30, 400),
        "a line in 200,000 categories": [
            {"purchase": {**common, "id": "1", "number": "1", **customer, "items": [{**line, "category": ["a"] * 200_000}]}}
        ],
        "20,000 identifiers": [{"identify": {**common, "id": "1", "identifiers": [identifier] * 20_000}}],
        "60,000 traits": [
            {"identify": {**common, "id": "1", "identifiers": [identifier], "traits": {f"t{n}": n for n in range(60_000)}}}
        ],
        "deep traits": [
            {"identify": {**common, "id": f"{n}", "identifiers": [identifier], "traits": {"a": deep}}} for n in range(1_000)
        ],
        "50,000 wrong events": [{"accept": {}}] * 50_000,
        "a wrong event after 900": [*purchases(900, 8), {"accept": {}}],
        "80,000 unknown fields": [{"accept": {f"u{n}": 1 for n in range(80_000)}}],
    }
    upsert = {"source": "s", "identifiers": [identifier]}
    return {name: (RECORD, {"events": each}) for name, each in events.items()} | {
        "a customer with 6,000 addresses": (UPSERT, {"input": {**upsert, "addresses": [{"kind": ""}] * 6_000}}),
        "a customer with 2,000 identifiers": (UPSERT, {"input": {**upsert, "identifiers": [identifier] * 2_000}}),
        "variables that no one asked for": ("{ __typename }", {f"v{n}": n for n in range(8_000)}),
    }
