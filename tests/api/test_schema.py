"""The schema against its committed text, and against the contract."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from graphql import (
    DirectiveDefinitionNode,
    EnumTypeDefinitionNode,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    TypeDefinitionNode,
    build_schema,
    parse,
    print_ast,
)
from graphql.type import is_enum_type, is_input_object_type, is_interface_type, is_introspection_type, is_object_type

from resolvers.documents import Documents
from resolvers.schema import schema
from tests.api.conftest import Api
from tests.app.outside import contract

ROOT = Path(__file__).resolve().parents[2]

#: What the contract has and later issues bring. Whoever brings it takes it out of here.
TYPES_TO_COME = """
Interval CohortBy AttributionModel OfferGate OfferKind OfferOutcome
Segment SegmentMembership LifecycleModel LifecycleStage
CustomerLifecycle StageMove StageChange Offer OfferDecision OfferRejection NextBestOfferContext ProductRecommendation
ContactHeadroom Consent LoyaltyAccount RewardEntryConnection RewardEntryEdge CampaignReport CampaignChannelReport
CustomerMetrics ChurnReason MetricsPoint
Cohort ChannelCredit FunnelStep Content
LifecycleMovePreview CampaignConnection CampaignEdge
"""
ENDINGS_TO_COME = ("Filter",)
PAYLOADS_HERE = {"RecordEventsPayload", "CustomerPayload", "ReferralPayload", "ReferralCodePayload", "MergePayload"}
INPUTS_TO_COME = {"PlanCommunicationInput", "OfferInput"}
FIELDS_TO_COME = {
    "Query": """segments segment lifecycle offers offer campaigns campaign metrics
        metricsSeries cohorts attribution funnel content""",
    "Mutation": """setConsent
        planCommunication saveChannel saveCampaign saveSegment deleteSegment saveOffer deleteOffer recordOfferOutcome redeemPoints
        reviseLifecycle exportCustomer eraseCustomer""",
    "Customer": "lifecycle segments consents loyalty nextBestOffers",
    "CustomerChannel": "responseRate",
    "CustomerValue": "predictedLifetimeValue aliveProbability churnRisk",
    "RewardEntry": "forReferral forPurchase reverses",
    "Communication": "offer",
    "Campaign": "report communications",
}
ARGUMENTS_TO_COME = {
    ("Query", "customers"): {"where"},
    ("ReferralNetwork", "members"): {"where"},
    ("Query", "advocates"): {"where"},
}
VALUES_TO_COME = {"CustomerOrder": {"PREDICTED_VALUE_DESC", "CHURN_RISK_DESC"}}
DIRECTIVES_TO_COME: set[str] = set()

Fields = ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode


def to_come(name: str) -> bool:
    if name in TYPES_TO_COME.split():
        return True
    if name.endswith(("Connection", "Edge")):
        return to_come(name.removesuffix("Connection").removesuffix("Edge"))
    later = name.endswith("Payload") and name not in PAYLOADS_HERE
    return later or name in INPUTS_TO_COME or name.endswith(ENDINGS_TO_COME)


def test_the_committed_text_is_that_of_the_code() -> None:
    committed = (ROOT / "schema.graphql").read_text(encoding="utf-8")
    assert committed == schema.as_str().rstrip() + "\n", "run `c360 schema > schema.graphql` and look at what changes"


def test_nothing_is_missing_that_the_contract_has() -> None:
    text = contract().read_text(encoding="utf-8")
    ours = build_schema(schema.as_str())
    missing: list[str] = []
    for node in parse(text).definitions:
        if isinstance(node, DirectiveDefinitionNode):
            here = ours.get_directive(node.name.value) is not None
            missing += [f"@{node.name.value}"] if here == (node.name.value in DIRECTIVES_TO_COME) else []
        elif isinstance(node, TypeDefinitionNode):
            missing += missing_type(node, ours)
    assert missing == []


def missing_type(node: TypeDefinitionNode, ours: GraphQLSchema) -> list[str]:
    """What the contract says of a type, and the schema doesn't."""
    name = node.name.value
    found = ours.type_map.get(name)
    if to_come(name):
        return [] if found is None else [f"{name} is here: take it out of the list of what is to come"]
    if found is None:
        return [name]
    if isinstance(node, Fields):
        return missing_fields(node, found)
    if isinstance(node, InputObjectTypeDefinitionNode):
        return missing_inputs(node, found)
    if isinstance(node, EnumTypeDefinitionNode):
        assert is_enum_type(found)
        wanted = {each.name.value for each in node.values or ()} - VALUES_TO_COME.get(name, set())
        return [f"{name}.{value}" for value in sorted(wanted ^ found.values.keys())]
    return []


def missing_inputs(node: InputObjectTypeDefinitionNode, found: GraphQLNamedType) -> list[str]:
    assert is_input_object_type(found)
    have = {key: str(field.type) for key, field in found.fields.items()}
    missing = [
        f"{found.name}.{each.name.value}" for each in node.fields or () if have.get(each.name.value) != print_ast(each.type)
    ]
    one_of = any(directive.name.value == "oneOf" for directive in node.directives or ())
    return missing if one_of == found.is_one_of else [*missing, f"{found.name} @oneOf"]


def missing_fields(node: Fields, found: GraphQLNamedType) -> list[str]:
    assert is_object_type(found) or is_interface_type(found)
    name, have = found.name, found.fields
    later = set(FIELDS_TO_COME.get(name, "").split())
    missing = [f"{name}.{each} is here: take it out of the list of what is to come" for each in later & have.keys()]
    interfaces = {interface.name for interface in found.interfaces}
    missing += [f"{name} implements {each.name.value}" for each in node.interfaces or () if each.name.value not in interfaces]
    for field in node.fields or ():
        key = field.name.value
        if key in later:
            continue
        if key not in have or str(have[key].type) != print_ast(field.type):
            missing.append(f"{name}.{key}: {print_ast(field.type)}")
            continue
        wanted = {each.name.value: print_ast(each.type) for each in field.arguments or ()}
        mine = {argument: str(each.type) for argument, each in have[key].args.items()}
        for argument in wanted.keys() - ARGUMENTS_TO_COME.get((name, key), set()):
            if mine.get(argument) != wanted[argument]:
                missing.append(f"{name}.{key}({argument}: {wanted[argument]})")
    return missing


def test_everything_is_described() -> None:
    built = build_schema(schema.as_str())
    bare: list[str] = []
    for name, found in built.type_map.items():
        if is_introspection_type(found) or name in {"String", "Int", "Float", "Boolean", "ID"}:
            continue
        if not found.description:
            bare.append(name)
        if is_object_type(found) or is_interface_type(found) or is_input_object_type(found):
            bare += [f"{name}.{key}" for key, field in found.fields.items() if not field.description]
    assert bare == []


async def test_strawberry_runs_the_document_it_is_handed() -> None:
    """resolvers/schema.py rests on three things that Strawberry doesn't document; this says which broke."""
    from strawberry.types.execution import ExecutionContext

    assert isinstance(schema._schema, GraphQLSchema)
    fields = ExecutionContext.__dataclass_fields__
    assert "graphql_document" in fields and "pre_execution_errors" in fields
    documents = Documents()
    documents.trees.hold("{ nonsense ", parse("{ __typename }"), 3)
    handed = SimpleNamespace(sources=SimpleNamespace(documents=documents))
    # The text would fail to parse, and `nonsense` to validate: neither is looked at.
    result = await schema.execute("{ nonsense ", context_value=handed)
    assert result.errors is None and result.data == {"__typename": "Query"}
    assert isinstance(schema._schema.query_type, GraphQLObjectType)


async def test_clients_can_ask_for_the_schema(api: Api) -> None:
    from graphql import build_client_schema, get_introspection_query, print_schema

    data = await api.data(get_introspection_query(descriptions=True, specified_by_url=True, input_value_deprecation=True))
    assert "type Customer implements Node" in print_schema(build_client_schema(data))  # type: ignore[arg-type]
