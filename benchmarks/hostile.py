"""Requests made to cost more than they are long: documents and variables of at most 100 KB, and events of at most 1 MB."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphql import GraphQLObjectType, get_named_type, is_leaf_type

from resolvers.schema import schema

ENTRY_TYPES = schema._schema.get_possible_types(schema._schema.type_map["TimelineEntry"])  # type: ignore[arg-type]

CUSTOMER = 'customer(by: {id: "cus_0"})'


def times(number: int, make: Callable[[int], str], between: str = " ") -> str:
    return between.join(make(each) for each in range(number))


def nested_spreads(levels: int) -> str:
    """Each fragment spreads the next one twice: spelled out it has 2 to the power of `levels` fields."""
    chain = times(levels, lambda n: f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}")
    return f"{{ ...F0 }} {chain} fragment F{levels} on Query {{ __typename }}"


def chained_fragments(number: int) -> str:
    """Fragments that each spread the next: deeper than Python's stack."""
    chain = times(number, lambda n: f"fragment F{n} on Query {{ ...F{n + 1} }}")
    return f"{{ ...F0 }} {chain} fragment F{number} on Query {{ __typename }}"


def crossed_fragments(number: int, fields: str) -> str:
    """Fragments that all select the same fields, so that each would have to be compared with each."""
    fragments = times(number, lambda n: f"fragment F{n} on Customer {{ {fields} }}")
    return f"{{ {CUSTOMER} {{ {times(number, lambda n: f'...F{n}')} }} }} {fragments}"


def crossed_levels(levels: int, number: int) -> str:
    """On each level as many fragments as on the one below, each of which spreads all of those."""
    spreads = [" ".join(f"...F{level}x{n}" for n in range(number)) for level in range(levels)]
    fragments = [
        f"fragment F{level}x{n} on Customer {{ id {spreads[level + 1] if level + 1 < levels else ''} }}"
        for level in range(levels)
        for n in range(number)
    ]
    return f"{{ {CUSTOMER} {{ {spreads[0]} }} }} {' '.join(fragments)}"


def other_arguments(number: int) -> str:
    """One response name for lists with other arguments, within lists of one response name with other arguments."""
    inner = "nodes { x: customer { y: timeline(last: %d) { totalCount } } }"
    return f"{{ {CUSTOMER} {{ {times(number, lambda n: f'... {{ x: timeline(first: {n + 1}) {{ {inner % (n + 1)} }} }}')} }} }}"


def ring(number: int) -> str:
    fragments = times(number, lambda n: f"fragment F{n} on Query {{ ...F{(n + 1) % number} ...F{(n + 2) % number} }}")
    return f"{{ ...F0 }} {fragments}"


def entries_of_customers(levels: int) -> str:
    """Entries of all types, of customers of entries: what is selected has more types than the text has levels."""
    all_types = times(
        len(ENTRY_TYPES),
        lambda n: f"... on {ENTRY_TYPES[n].name} {{ {' '.join(_leaves(ENTRY_TYPES[n]))} }}",
    )
    inner = "id"
    for _ in range(levels):
        inner = f"...All customer {{ timeline(first: 1) {{ nodes {{ {inner} }} }} }}"
    return f'{{ node(id: "cus_0") {{ ... on TimelineEntry {{ {inner} }} }} }} fragment All on TimelineEntry {{ {all_types} }}'


def _leaves(type_: GraphQLObjectType) -> list[str]:
    return [name for name, field in type_.fields.items() if is_leaf_type(get_named_type(field.type)) and not field.args]


CHAIN = "kind name description ofType { kind name description ofType { kind name description } }"

HOSTILE: Mapping[str, str] = {
    "nested spreads": nested_spreads(180),
    "chained fragments": chained_fragments(190),
    "crossed fragments": crossed_fragments(90, "id " * 8),
    "crossed fragments with lists": crossed_fragments(60, "purchases { nodes { number items { quantity } } }"),
    "crossed levels of fragments": crossed_levels(5, 9),
    "a ring of fragments": ring(180),
    "unused fragments": "{ __typename } " + times(280, lambda n: f"fragment F{n} on Query {{ __typename }}"),
    "equal fragments": "{ __typename } " + "fragment F on Query { __typename } " * 280,
    "900 equal fields": f"{{ {CUSTOMER} {{ {'id ' * 900} }} }}",
    "900 equal fields of one alias": f"{{ {CUSTOMER} {{ {'a: id ' * 600} }} }}",
    "30 aliases of everything": f"{{ {CUSTOMER} {{ {'a: id ' * 30} {'name email ' * 400} }} }}",
    "300 equal lists": f"{{ {CUSTOMER} {{ {'purchases { totalCount } ' * 300} }} }}",
    "130 equal lists, four deep": f"{{ {CUSTOMER} {{ {'purchases { nodes { items { product { id } } } } ' * 130} }} }}",
    "one name for lists with other arguments": other_arguments(60),
    "one name for lists with other variables": "query ("
    + times(60, lambda n: f"$n{n}: Int")
    + f") {{ {CUSTOMER} {{ "
    + times(100, lambda n: f"timeline(first: $n{n % 60}) {{ nodes {{ id }} }}")
    + " } }",
    "300 directives": "{ __typename " + "@a " * 300 + "}",
    "300 directives with arguments": "{ __typename " + "@skip(if: false) " * 280 + "}",
    "10,000 tokens": "{" + " a" * 10_000 + " }",
    "300 operations": times(300, lambda n: f"query Q{n} {{ ...F }}") + " fragment F on Query { __typename }",
    "90 operations with the variables of 40 fragments": times(90, lambda n: f"query Q{n}($v: ID!) {{ ...F0 }}")
    + times(40, lambda n: f" fragment F{n} on Query {{ node(id: $v) {{ id }} ...F{n + 1} }}")
    + " fragment F40 on Query { __typename }",
    "480 variables": "query (" + times(480, lambda n: f"$v{n}: String") + ") { __typename }",
    "480 variables of one name": "query (" + "$v: String " * 480 + ") { __typename }",
    "the same argument again": "{ customer(" + 'by: {id: "a"} ' * 220 + ") { id } }",
    "the same input field again": "{ customer(by: {" + 'id: "a" ' * 600 + "}) { id } }",
    "a deep list": "{ customer(by: " + "[" * 900 + "]" * 900 + ") { id } }",
    "a list as deep as it may be": "{ customer(by: " + "[" * 190 + "]" * 190 + ") { id } }",
    "a deep object": "{ customer(by: " + "{id: " * 500 + "1" + "}" * 500 + ") { id } }",
    "a wide list": "{ nodes(ids: [" + '"x" ' * 1_900 + "]) { id } }",
    "a wide list of enums": f"{{ {CUSTOMER} {{ purchases(filter: {{ status: [" + "PLACED " * 1_900 + "] }) { totalCount } } }",
    "deep selections": "{ a" * 900 + " }" * 900,
    "deep inline fragments": f"{{ {CUSTOMER} " + "{ ... on Customer " * 190 + "{ id }" + " }" * 190 + " }",
    "entries of customers of entries": entries_of_customers(3),
    "unknown fields": "{" + times(1_900, lambda n: f"x{n}") + "}",
    "a long string": '{ customer(by: {email: "' + "a" * 99_000 + '"}) { id } }',
    "a long string of escapes": '{ customer(by: {email: "' + "\\u0041" * 14_000 + '"}) { id } }',
    "a long block string": '{ customer(by: {email: """' + "\n a" * 24_000 + '"""}) { id } }',
    "a long name": "{ " + "a" * 99_000 + " }",
    "a long alias": "{ " + "a" * 90_000 + ": channels { id } }",
    "a long comment": "#" * 99_000 + "\n{ __typename }",
    "many comments": "#\n" * 32_000 + "{ __typename }",
    "nothing but space": " " * 99_000 + "{ __typename }",
    "nothing but commas": "," * 99_000 + "{ __typename }",
    "an open string": '{ a(b: "' + "a" * 99_000,
    "open braces": "{" * 99_000,
    "open brackets": "{ a(b: " + "[" * 99_000,
    "digits": "{ a(b: " + "1" * 99_000 + ") }",
    "the schema thirty times for each field": "{ __schema { types { fields { "
    + times(30, lambda n: f"a{n}: type {{ {CHAIN} }}")
    + " } } } }",
    "the fields of the types of all fields": "{ __schema { types { fields { type { fields { "
    + times(30, lambda n: f"a{n}: type {{ {CHAIN} }}")
    + " } } } } } }",
}

RECORD = (
    "mutation ($events: [EventInput!]!) { recordEvents(events: $events) { accepted rejected { index } userErrors { code } } }"
)
UPSERT = "mutation ($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { userErrors { code } } }"
NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"


def nested(levels: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(levels):
        inner = [inner]
    return inner


def large_variables() -> Mapping[str, tuple[str, dict[str, Any]]]:
    """Documents with variables: those of `recordEvents` are as large as they may be, 1 MB, the others 100 KB."""
    common = {"source": "s", "at": "2026-01-01T00:00:00Z"}
    customer = {"customer": {"email": "a@example.com"}}
    line = {"sku": "a", "quantity": "1", "unitPrice": {"amount": "1", "currency": "USD"}}
    identifier = {"type": "email", "value": "a@example.com"}

    def purchases(number: int, lines: int) -> list[Any]:
        return [
            {"purchase": {**common, "id": f"{n}", "number": f"{n}", **customer, "items": [line] * lines}} for n in range(number)
        ]

    def touchpoints(number: int, length: int) -> list[Any]:
        rest = {**customer, "channel": "web", "type": "x", "properties": {"text": "x" * length}}
        return [{"touchpoint": {**common, "id": f"{n}", **rest}} for n in range(number)]

    events: dict[str, list[Any]] = {
        "1,000 touchpoints": touchpoints(1_000, 750),
        "700 purchases of 10 lines": purchases(700, 10),
        "5,000 touchpoints": touchpoints(5_000, 0),
        "a purchase of 10,000 lines": purchases(1, 10_000),
        "25 purchases of 400 lines": purchases(25, 400),
        "a line in 200,000 categories": [
            {"purchase": {**common, "id": "1", "number": "1", **customer, "items": [{**line, "category": ["a"] * 200_000}]}}
        ],
        "20,000 identifiers": [{"identify": {**common, "id": "1", "identifiers": [identifier] * 20_000}}],
        "60,000 traits": [
            {"identify": {**common, "id": "1", "identifiers": [identifier], "traits": {f"t{n}": n for n in range(60_000)}}}
        ],
        "deep traits": [
            {"identify": {**common, "id": f"{n}", "identifiers": [identifier], "traits": {"a": nested(200)}}}
            for n in range(1_000)
        ],
        "50,000 wrong events": [{"accept": {}}] * 50_000,
        "a wrong event after 600": [*purchases(600, 8), {"accept": {}}],
        "80,000 unknown fields": [{"accept": {f"u{n}": 1 for n in range(80_000)}}],
    }
    upsert = {"source": "s", "identifiers": [identifier]}
    return {name: (RECORD, {"events": each}) for name, each in events.items()} | {
        "a customer with 6,000 addresses": (UPSERT, {"input": {**upsert, "addresses": [{"kind": ""}] * 6_000}}),
        "a customer with 2,000 identifiers": (UPSERT, {"input": {**upsert, "identifiers": [identifier] * 2_000}}),
        "a customer with 6,000 traits": (UPSERT, {"input": {**upsert, "traits": {f"t{n}": n for n in range(6_000)}}}),
        "a customer of 6,000 unknown fields": (UPSERT, {"input": {f"u{n}": n for n in range(6_000)}}),
        "24,000 ids": (NODES, {"ids": ["x"] * 24_000}),
        "an id in 200 lists": (NODES, {"ids": nested(200)}),
        "variables that no one asked for": ("{ __typename }", {f"v{n}": n for n in range(6_000)}),
    }


def _of_customers(selected: str) -> str:
    return f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Customer {{ {selected} }} }} }}"


def _again(number: int, selected: str) -> str:
    return " ".join(f"a{place}: {selected}" for place in range(number))


_WORTH = "revenue { amount } refunds { amount } averageOrder { amount } historicLifetimeValue { amount } rfm { score }"

_LONG_NAMES = " ".join(f"{number:a>99}: id" for number in range(29))

#: Of up to fifty customers, `ids`, as many objects as an answer may have, or those that take longest to make.
COSTLY: Mapping[str, str] = {
    "what they are worth": _of_customers(_again(26, f'value(currency: "USD") {{ {_WORTH} }}')),
    "where traits come from": _of_customers(_again(20, "provenance(first: 3) { edges { cursor node { name source } } }")),
    "ends of pages": _of_customers(_again(30, "timeline(first: 1) { pageInfo { startCursor endCursor hasNextPage } }")),
    "pages of one kind": _of_customers(_again(30, "timeline(first: 1, kinds: [PURCHASE]) { nodes { id } }")),
    "cursors": _of_customers("timeline(first: 98) { edges { cursor node { id at } } }"),
    "long names": _of_customers(f"timeline(first: 98) {{ nodes {{ {_LONG_NAMES} }} }}"),
    "channels": _of_customers("timeline(first: 98) { nodes { id channel { key label id channelKind } } }"),
}


#: Bodies that are no requests.
BODIES: Mapping[str, bytes] = {
    "brackets": b"[" * 100_000,
    "braces": b"{" * 100_000,
    "lists within lists": b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * 49_000 + b"]" * 49_000 + b"}}",
    "escapes": b'{"query": "' + rb"\u0041" * 16_600 + b'"}',
    "half of an emoji": b'{"query": "' + rb"\ud83d" * 16_600 + b'"}',
    "an id in 900 lists": b'{"query": "query ($a: [ID!]!) { nodes(ids: $a) { id } }", "variables": {"a": '
    + b"[" * 900
    + b"]" * 900
    + b"}}",
    "digits": b'{"query": "{ __typename }", "variables": {"a": ' + b"1" * 99_000 + b"}}",
    "names again": b'{"query": "{ __typename }", "variables": {' + b'"a": 1, ' * 12_000 + b'"a": 1}}',
}
