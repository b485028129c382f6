"""Nobody gets what they lack the scope for: every field of the schema is asked for without it, by plans and by graphql-core."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pytest
import strawberry
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
    is_composite_type,
    is_introspection_type,
)

from app.server import sources_of
from app.services import open_services
from app.settings import Settings
from graph.customers.places import load_quintiles
from graph.store import Store
from resolvers.access import Principal
from resolvers.documents import Documents
from resolvers.fields import mask_of
from resolvers.guard import Limits
from resolvers.masks import DOTS
from resolvers.operations import answer
from resolvers.requirements import needs, required, undeclared
from resolvers.schema import schema
from resolvers.scopes import EVENTS, OWN, PERSONAL, PROFILE
from resolvers.sources import Sources
from resolvers.value import QuintileCopy
from tests.api.whoever import WHOEVER, without
from tests.graph.histories import history, identify, invited

SCHEMA_OF_GRAPHQL_CORE = schema._schema
ROOT: Any = SCHEMA_OF_GRAPHQL_CORE.query_type

#: What is personal of Ana, each a text that stands nowhere else.
SECRETS = {
    "name": "Anastasia Quill", "givenName": "Anastasia", "familyName": "Quill", "email": "anastasia@quill.example",
    "phone": "+81355501234", "birthDate": "1987-06-05", "gender": "woman-of-the-test", "locale": "ja-JP",
    "timeZone": "Asia/Tokyo",    "country": "JP", "nickname": "quillfeather",
}  # fmt: skip
ADDRESS = {"kind": "home", "line1": "1 Inkwell Lane", "city": "Kyoto", "postalCode": "600-8001", "country": "JP"}

NOBODY = "cus_" + "0" * 32

ARGUMENTS = {
    "Customer.timeline": "(first: 100)",
    "CustomerReferral.referred": "(first: 100)",
    "Customer.identifiers": "(first: 100)",
    "Customer.identityEvidence": '(from: {type: "user_id", value: "ana"}, to: {type: "user_id", value: "ana"})',
}


@strawberry.type
class Careless:
    secret: str


@strawberry.type
class CarelessQuery:
    careful: str = strawberry.field(directives=[needs(PROFILE)])
    careless: Careless = strawberry.field(directives=[needs(PROFILE)])


@dataclass(frozen=True, slots=True)
class Way:
    """How a type is reached: a text with a gap where its fields are selected."""

    text: str

    def to(self, selection: str) -> str:
        return self.text.replace("…", selection)


@pytest.fixture
async def sources(settings: Settings, graph: Store) -> AsyncIterator[Sources]:
    wanted = replace(settings, currency_rates={}, neo4j_transaction_timeout_seconds=60.0, redis_timeout_ms=5_000)
    async with open_services(wanted) as services:
        for name in ("ana", "ben", "cleo"):
            await services.record_batch(history(name, events=80, seed=len(name)))
        await services.record_batch(list(invited(("ana", "ben", "cleo"))))
        traits = {**SECRETS, "addresses": [ADDRESS]}
        await services.record_batch([identify("ana", minutes=900, **traits)])
        quintiles = QuintileCopy(lambda: load_quintiles(services.store))
        limits = Limits(depth=30, aliases=1_000, selections=10_000, directives=1_000, cost_mode="off")
        yield replace(sources_of(services, quintiles), documents=Documents(limits))
        await quintiles.close()


async def asked(text: str, sources: Sources, principal: Principal) -> dict[str, Any]:
    """What is answered by plans and by graphql-core alike."""
    for each in (await sources.documents.find(text)).operations:
        each.plan(sources.documents)
    found: list[dict[str, Any]] = []
    for plans in (True, False):
        given = await answer(text, replace(sources, plans=plans), principal)
        found.append(orjson.loads(orjson.dumps({"data": given.data, "errors": given.errors}, option=orjson.OPT_UTC_Z)))
    assert found[0]["data"] == found[1]["data"]
    assert sorted(map(str, found[0]["errors"])) == sorted(map(str, found[1]["errors"]))
    return found[0]


def codes(given: dict[str, Any]) -> set[str]:
    return {each["extensions"]["code"] for each in given["errors"]}


def ways() -> dict[str, Way]:
    """How each type of object is reached from the root by the shortest way, interfaces by fragments."""
    found = {ROOT.name: Way("{ … }")}
    waiting: deque[GraphQLObjectType | GraphQLInterfaceType] = deque([ROOT])
    while waiting:
        parent = waiting.popleft()
        for name, each in parent.fields.items():
            if parent is ROOT and name in ("node", "nodes", "product"):
                continue
            reached = get_named_type(each.type)
            if not isinstance(reached, (GraphQLObjectType, GraphQLInterfaceType)) or reached.name in found:
                continue
            inside = found[parent.name].to(f"{called(parent, name, each)} {{ … }}")
            found[reached.name] = Way(inside)
            waiting.append(reached)
            if isinstance(reached, GraphQLInterfaceType):
                for member in SCHEMA_OF_GRAPHQL_CORE.get_possible_types(reached):
                    if member.name not in found:
                        found[member.name] = Way(Way(inside).to(f"... on {member.name} {{ … }}"))
                        waiting.append(member)
    return found


def called(parent: GraphQLObjectType | GraphQLInterfaceType, name: str, each: GraphQLField) -> str:
    if parent is ROOT and name == "customer":
        return 'customer(by: {identifier: {type: "user_id", value: "ana"}})'
    if parent is ROOT and name == "product":
        return 'product(by: {sku: "sku-1"})'
    if parent is ROOT and name in ("referralPath", "mergePreview"):
        ana, ben = (f'{{identifier: {{type: "user_id", value: "{who}"}}}}' for who in ("ana", "ben"))
        one, other = ("from", "to") if name == "referralPath" else ("keep", "absorb")
        return f"{name}({one}: {ana}, {other}: {ben})"
    if parent is ROOT and name == "node":
        return f'node(id: "{NOBODY}")'
    if parent is ROOT and name == "nodes":
        return f'nodes(ids: ["{NOBODY}"])'
    return name + ARGUMENTS.get(f"{parent.name}.{name}", "")


def every_field() -> Iterator[tuple[GraphQLObjectType, str, GraphQLField, str]]:
    """Each field of each type that can be read, with a query for it."""
    for type_name, way in sorted(ways().items()):
        parent = SCHEMA_OF_GRAPHQL_CORE.type_map[type_name]
        if not isinstance(parent, GraphQLObjectType):
            continue
        for name, each in parent.fields.items():
            text = called(parent, name, each)
            selected = f"{text} {{ __typename }}" if is_composite_type(get_named_type(each.type)) else text
            yield parent, name, each, way.to(f"it: {selected}")


def values_of(data: Any) -> Iterator[Any]:
    """Whatever stands under the key `it`."""
    if isinstance(data, dict):
        for key, value in data.items():
            if key == "it":
                yield value
            else:
                yield from values_of(value)
    elif isinstance(data, list):
        for each in data:
            yield from values_of(each)


def test_every_field_states_what_it_needs() -> None:
    assert undeclared(SCHEMA_OF_GRAPHQL_CORE) == []
    text = schema.as_str()
    assert "recordEvents(" in text and '@requiresScopes(scopes: [["event:write"]])' in text
    assert re.search(r"email: String @personal", text)


def test_a_field_that_states_nothing_is_refused() -> None:
    assert undeclared(strawberry.Schema(query=CarelessQuery)._schema) == ["Careless.secret"]


def test_every_type_is_reached() -> None:
    types = {
        each.name
        for each in SCHEMA_OF_GRAPHQL_CORE.type_map.values()
        if isinstance(each, GraphQLObjectType) and not is_introspection_type(each)
    }
    written = {
        "Mutation",
        "Subscription",
        "RecordEventsPayload",
        "RejectedEvent",
        "CustomerPayload",
        "ReferralCodePayload",
        "ReferralPayload",
        "MergePayload",
        "CustomerChange",
        "ReferralNetworkChange",
    }
    assert types - ways().keys() == written


async def test_nobody_gets_a_field_without_its_scope(sources: Sources) -> None:
    there = 0
    for parent, name, each, text in every_field():
        field = f"{parent.name}.{name}"
        needed = required(parent, each)
        allowed = await asked(text, sources, WHOEVER)
        assert "FORBIDDEN" not in codes(allowed), field
        there += any(value is not None for value in values_of(allowed["data"]))
        for scopes in {frozenset(scopes) for scopes in needed.any_of if scopes and OWN not in scopes}:
            others = [way for way in needed.any_of if OWN not in way and not way & scopes]
            refused = await asked(text, sources, without(*scopes, *(scope for way in others for scope in way)))
            assert codes(refused) == {"FORBIDDEN"}, field
            assert not any(value is not None for value in values_of(refused["data"])), field
        assert codes(await asked(text, sources, Principal(id="nobody", scopes=frozenset({EVENTS})))) == {"FORBIDDEN"}, field
    # Of most fields there is something to be seen by those who may.
    assert there > 150, there


async def test_personal_data_is_masked_or_gone_without_its_scope(sources: Sources) -> None:
    seen = set()
    for parent, name, each, text in every_field():
        masked = await asked(text, sources, without(PERSONAL))
        assert "FORBIDDEN" not in codes(masked), text
        # Also of a field that somebody forgot to mark.
        said = orjson.dumps(masked).decode()
        assert not [secret for secret in (*SECRETS.values(), *ADDRESS.values()) if len(secret) > 4 and secret in said], text
        if mask_of(each) is None:
            continue
        clear = await asked(text, sources, WHOEVER)
        for before, after in zip(values_of(clear["data"]), values_of(masked["data"]), strict=True):
            assert after is None or (DOTS in after and after != before), f"{parent.name}.{name}"
            if before is not None:
                seen.add(f"{parent.name}.{name}")
    assert {"Customer.email", "Identifier.value", "Address.line1", "TraitProvenance.value", "Customer.traits"} <= seen
