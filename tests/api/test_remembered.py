"""What a process remembers of the documents it was sent: their plans and prices, no syntax trees, and no more than it may."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from itertools import product
from threading import current_thread
from types import ModuleType
from typing import Any

import pytest
from graphql import DocumentNode, OperationDefinitionNode, SelectionSetNode, print_ast

from benchmarks.operations import SHAPES
from resolvers.access import View
from resolvers.documents import TOKEN_BYTES, Documents
from resolvers.guard import Limits
from resolvers.plans import Plan
from resolvers.trees import HELD, Trees

CONDITIONS = [f"b{each}" for each in range(4)]
WAYS = (
    "query Ways%d($id: ID!, " + " ".join(f"${each}: Boolean!" for each in CONDITIONS) + ") { customer(by: {id: $id}) { id name "
    "purchases(first: 3) { nodes { id at total { amount currency } items { quantity product { sku title } } } } "
    "timeline(first: 5) { nodes { id at channel { key label } ... on Purchase { number } } } "
    + " ".join(f"{each}: email @include(if: ${each})" for each in CONDITIONS)
    + " } }"
)
LISTED = "query ($a: ID!, $b: ID!) { nodes(ids: [$a, $b]) { id ... on Customer { name } } }"
RECORD = "mutation ($events: [EventInput!]!) { recordEvents(events: $events) { accepted userErrors { code message } } }"
CHANGE = 'mutation { upsertCustomer(input: {identifiers: [{type: "user_id", value: "a"}], source: "s"}) { customer { id } } }'


def with_all_ways(documents: Documents, plan: Any) -> None:
    if isinstance(plan, Plan):
        for way in product((True, False), repeat=len(plan._conditions)):
            plan._projection(View.CLEAR, dict(zip(plan._conditions, way, strict=True)), documents)


async def planned(documents: Documents, text: str) -> None:
    """What comes of a text that is sent again and again."""
    document = await documents.find(text)
    assert not document.errors
    for operation in document.operations:
        for _ in range(2):
            with_all_ways(documents, operation.plan(documents))


def reached(start: object) -> Iterator[object]:
    """All that an object keeps alive, but for modules and classes."""
    met, waiting = {id(start)}, [start]
    while waiting:
        each = waiting.pop()
        yield each
        for inner in gc.get_referents(each):
            if id(inner) in met or isinstance(inner, (ModuleType, type)) or (isinstance(inner, dict) and "__name__" in inner):
                continue
            met.add(id(inner))
            waiting.append(inner)


@pytest.mark.parametrize("text", [WAYS % 0, LISTED, RECORD, CHANGE, *(each.query for each in SHAPES)])
async def test_a_document_is_remembered_without_its_tree(text: str) -> None:
    documents = Documents()
    await planned(documents, text)
    document = documents.kept(text)
    assert document is not None and document.operations
    trees = (DocumentNode, OperationDefinitionNode, SelectionSetNode)
    assert not any(isinstance(each, trees) for each in reached(document))
    assert any(isinstance(each, trees) for each in reached(documents.trees))
    assert any(each is text for each in reached(document))


@pytest.mark.parametrize(
    "text", [WAYS, "query Other%d { __typename }", *(each.query.replace("(", "%d(", 1) for each in SHAPES[:3])]
)
async def test_what_is_remembered_takes_no_more_memory_than_it_may(text: str) -> None:
    documents = Documents(Limits(kept=10_000))
    # What is made once for all of them.
    await planned(documents, text % 10_000)
    for each in range(400):
        documents.trees.of(WAYS % (20_000 + each))
    gc.collect()
    tracemalloc.start()
    try:
        number = 0
        while len(documents) > number:
            number += 1
            await planned(documents, text % number)
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert number > 3
    assert taken < 10_000 * TOKEN_BYTES


async def test_plans_and_their_ways_count_as_what_is_remembered() -> None:
    documents = Documents(Limits(kept=1_000))
    first = await documents.find(WAYS % 0)
    last = await documents.find(WAYS % 1)
    assert documents.kept(WAYS % 0) is first and documents.kept(WAYS % 1) is last
    await planned(documents, WAYS % 1)
    assert documents.kept(WAYS % 0) is None and documents.kept(WAYS % 1) is last


def test_only_so_many_trees_are_held_and_all_others_read_again() -> None:
    trees = Trees()
    text = "query Q%d { channels { id id key id } }"
    first = trees.of(text % 0)
    assert trees.of(text % 0) is first
    for number in range(1, HELD // 10):
        trees.of(text % number)
        assert trees.tokens <= HELD
    again = trees.of(text % 0)
    assert again is not first and print_ast(again) == print_ast(first)
    assert print_ast(again).count("id") == 1 and print_ast(again).count("key") == 1
    assert sum(isinstance(each, DocumentNode) for each in reached(trees)) <= HELD // 10


async def test_no_garbage_is_collected_while_a_document_is_read() -> None:
    """Hundreds of thousands of objects are compared then, and a collection would stop all threads."""
    text = "{customers(first:1){nodes{" + " value(currency:USD){orders}" * 100 + "}}}"
    begun: list[str] = []

    def told(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            begun.append(current_thread().name)

    gc.callbacks.append(told)
    try:
        await Documents().find(text)
    finally:
        gc.callbacks.remove(told)
    # One may follow when all is done, and little is left; there were ten.
    assert gc.isenabled() and len([name for name in begun if name.startswith("beside")]) <= 1
