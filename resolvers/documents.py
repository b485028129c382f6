"""What a process knows of the texts it was sent: each is read once, beside the event loop, and remembered, wrong ones too."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from sys import getsizeof
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    get_variable_values,
    validate,
)
from graphql.language.parser import MAX_NESTING_DEPTH
from graphql.validation.rules import overlapping_fields_can_be_merged
from graphql.validation.rules.max_introspection_depth_rule import MAX_LIST_DEPTH
from graphql.validation.validate import ValidationAbortedError

from resolvers.beside import Beside, Busy, Work
from resolvers.costs import Price, price_of
from resolvers.errors import plain
from resolvers.guard import Limits, fragments_of, introspects, refusals, without_repeats
from resolvers.introspection import introspect
from resolvers.plans import NotCompiled, Plan, Recording, plan_of
from resolvers.schema import schema
from resolvers.trees import Trees, operation_of, parsed

#: What is remembered of a text that is wrong counts as so many tokens.
WRONG = 50

#: What is remembered of a token takes less than so many bytes; those of texts and plans count as tokens, too.
TOKEN_BYTES = 600

#: Digits of a document's SHA-256 that tell it from others in metrics, in logs and on the audit trail.
DIGEST = 12

#: Characters of an operation's name, in the same places.
LONGEST_NAME = 60

#: Characters of a message: some quote what is wrong, which may be most of the text.
LONGEST_MESSAGE = 1_000

#: What Python adds when a whole number has more than 4,300 digits.
FOR_PROGRAMMERS = "; use sys.set_int_max_str_digits() to increase the limit"

#: Errors of variables that are told: graphql-core's own number.
MISFITS = 50

#: Seconds after which there should be room again for texts that nobody has read.
RETRY_SECONDS = 1

# Fields of one name are compared each with each, and graphql-core stops after ten times as many comparisons as this. A page
# full of fragments that repeat each other takes a tenth of it.
COMPARISONS = overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 50_000


@dataclass(slots=True)
class Operation:
    """One operation of a valid document, without its syntax tree: `Trees` has that, or reads it again from `text`.

    `records_only`: whether it only records events, for which a request may be larger; `introspects`: whether it asks for the
    schema, and so for nothing else.
    """

    text: str
    name: str | None
    type: OperationType
    price: Price
    records_only: bool
    introspects: bool
    _plan: Plan | Recording | None = None
    _asked: bool = False
    _planned: bool = False

    @classmethod
    def of(cls, text: str, tree: DocumentNode, node: OperationDefinitionNode) -> Operation:
        selected = node.selection_set.selections
        only = selected[0] if len(selected) == 1 else None
        return cls(
            text,
            name=node.name.value if node.name else None,
            type=node.operation,
            price=price_of(tree, node, schema._schema),
            records_only=isinstance(only, FieldNode) and only.name.value == "recordEvents",
            introspects=introspects(node, fragments_of(tree)),
        )

    def plan(self, documents: Documents) -> Plan | Recording | None:
        """None for an operation that can't be compiled, or comes for the first time: many never come again. What records events
        may be large, and is read in slices by its plan only."""
        if self._planned:
            return self._plan
        if not self._asked and not self.records_only:
            self._asked = True
            return None
        self._planned = True
        with contextlib.suppress(NotCompiled):
            self._plan = plan_of(self.text, self.name, documents)
        return self._plan


@dataclass(frozen=True, slots=True)
class Document:
    """A text as it was read: what is wrong with it, as request errors, or else its operations."""

    hash: str
    tokens: int
    errors: tuple[dict[str, Any], ...] = ()
    operations: tuple[Operation, ...] = ()

    def operation(self, name: str | None) -> Operation | None:
        """The operation of that name, or the only one."""
        if name is None:
            return self.operations[0] if len(self.operations) == 1 else None
        return next((each for each in self.operations if each.name == name), None)


class Documents:
    """Documents by their texts, the least recently used ones forgotten first."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        #: How many texts that came were remembered, and how many had to be read.
        self.hits = self.misses = 0
        self.trees = Trees()
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._weights: dict[str, int] = {}
        self._weight = 0
        self._beside = Beside(self.limits.waiting)

    def kept(self, text: str) -> Document | None:
        """The document of a text that was read before, as long as it is remembered."""
        document = self._kept.get(text)
        if document is not None:
            self._kept.move_to_end(text)
            self.hits += 1
        return document

    async def find(self, text: str) -> Document:
        """The document of a text, read where it isn't known; one that says OVERLOADED where too many wait to be read."""
        document = self.kept(text)
        if document is not None:
            return document
        self.misses += 1
        try:
            document, tree = await self._beside.run(text, examine, text, self.limits)
        except Busy as busy:
            return Document(hash="", tokens=WRONG, errors=(_overloaded(busy.waiting, self.limits),))
        if tree is not None:
            self.trees.hold(text, tree, document.tokens)
        self._keep(text, document)
        return document

    async def introspect(self, operation: Operation, variables: dict[str, Any] | None) -> ExecutionResult | dict[str, Any]:
        """The result of an operation that only asks for the schema, or the request error that it is instead."""
        most = self.limits.introspection_fields
        try:
            found = await self.aside(introspect, self.trees.of(operation.text), operation.name, variables, most)
        except Busy as busy:
            return _overloaded(busy.waiting, self.limits)
        if found is None:
            message = (
                f"The schema as it is asked for has {most + 1:,} fields or more, and may have {most:,}; ask for less at once."
            )
            return plain(message, "TOO_LARGE", limit=most, actual=most + 1)
        result: ExecutionResult = found
        return result

    async def misfits(self, operation: Operation, variables: dict[str, Any]) -> list[dict[str, Any]]:
        """Request errors of variables that don't fit their types, found beside the event loop."""
        declared = operation_of(self.trees.of(operation.text), operation.name).variable_definitions or ()
        try:
            found = await self.aside(get_variable_values, schema._schema, declared, variables, MISFITS)
        except Busy as busy:
            return [_overloaded(busy.waiting, self.limits)]
        return [formatted(each, "BAD_USER_INPUT") for each in found] if isinstance(found, list) else []

    async def aside(self, work: Work, *arguments: Any) -> Any:
        """What some work returns or raises that takes too long for the event loop; raises Busy."""
        return await self._beside.run(object(), work, *arguments)

    def _keep(self, text: str, document: Document) -> None:
        if text not in self._kept:
            self._kept[text] = document
            self._weights[text] = 0
            self._weigh(text, document.tokens + getsizeof(text) // TOKEN_BYTES)

    def planned(self, text: str, size: int) -> None:
        """A plan of a text was compiled, or one more way of it: that takes so many bytes, and its constants those of the text."""
        if text in self._kept:
            self._weigh(text, (size + getsizeof(text)) // TOKEN_BYTES)

    def _weigh(self, text: str, tokens: int) -> None:
        """What is remembered of a text takes as much more as so many tokens; others are forgotten for it."""
        self._weights[text] += tokens
        self._weight += tokens
        while self._weight > self.limits.kept and len(self._kept) > 1:
            forgotten, _ = self._kept.popitem(last=False)
            self._weight -= self._weights.pop(forgotten)

    def __len__(self) -> int:
        return len(self._kept)


def _overloaded(waiting: int, limits: Limits) -> dict[str, Any]:
    message = f"{waiting:,} requests wait for documents to be read, and {limits.waiting:,} may; send this again in a second."
    return plain(message, "OVERLOADED", limit=limits.waiting, actual=waiting, retryAfter=RETRY_SECONDS)


def read(text: str, limits: Limits) -> Document:
    """What there is to remember of a text."""
    return examine(text, limits)[0]


def examine(text: str, limits: Limits) -> tuple[Document, DocumentNode | None]:
    """Parse, guard and validate a text, in an order in which no step takes longer than its input is worth; with the tree of one
    that is right."""
    hash = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    try:
        whole = _parsed(text, limits)
        tree = without_repeats(whole)
        found = validate(schema._schema, tree, max_errors=limits.errors, hide_suggestions=True)
    except Refused as refused:
        return Document(hash, WRONG, refused.errors), None
    if found:
        return Document(hash, WRONG, tuple(_invalid(error, limits) for error in found)), None
    return Document(hash, max(whole.token_count, WRONG), operations=tuple(_operations(text, tree))), tree


class Refused(Exception):
    """A text that is no document, or one that asks for too much."""

    def __init__(self, *errors: dict[str, Any]) -> None:
        self.errors = errors


def _parsed(text: str, limits: Limits) -> DocumentNode:
    """The document of a text, within the limits; raises Refused."""
    if len(text) > limits.characters:
        raise Refused(_exceeded("BODY_TOO_LARGE", len(text), limits.characters, "characters"))
    try:
        tree = parsed(text, tokens=limits.tokens)
    except GraphQLError as error:
        raise Refused(_unreadable(error, limits)) from None
    errors = refusals(tree, limits)
    if errors:
        raise Refused(*errors[: limits.errors])
    return tree


def _unreadable(error: GraphQLError, limits: Limits) -> dict[str, Any]:
    """What the parser says; where it has stopped at a limit, nobody knows how much more there is."""
    if "contains more than" in error.message:
        what = "comments" if "comments" in error.message else "tokens"
        message = (
            f"The document has {limits.tokens + 1:,} {what} or more, and may have {limits.tokens:,}; send values as variables."
        )
        return plain(message, "TOO_MANY_TOKENS", limit=limits.tokens, actual=limits.tokens + 1)
    if "nested too deeply" in error.message:
        message = f"The document has {MAX_NESTING_DEPTH + 1:,} levels of nesting or more, and may have {MAX_NESTING_DEPTH:,}."
        return plain(message, "DOCUMENT_TOO_DEEP", limit=MAX_NESTING_DEPTH, actual=MAX_NESTING_DEPTH + 1)
    return _shortened(formatted(error, "GRAPHQL_PARSE_FAILED"))


def _invalid(error: GraphQLError, limits: Limits) -> dict[str, Any]:
    if isinstance(error, ValidationAbortedError):
        if "error limit" in error.message:
            message = f"The document has more than {limits.errors:,} errors: those before this one, and others."
            return plain(message, "TOO_MANY_ERRORS", limit=limits.errors, actual=limits.errors + 1)
        message = f"Fields of the same name take more than {COMPARISONS:,} comparisons, which they may; select each of them once."
        return plain(message, "TOO_MANY_SELECTIONS", limit=COMPARISONS, actual=COMPARISONS + 1)
    if error.message == "Maximum introspection depth exceeded":
        most = MAX_LIST_DEPTH - 1
        message = f"Introspection asks for {most + 1} lists within each other or more, and may for {most}; ask for less at once."
        return plain(message, "DOCUMENT_TOO_DEEP", limit=most, actual=most + 1)
    return _shortened(formatted(error, "GRAPHQL_VALIDATION_FAILED"))


def _shortened(error: dict[str, Any]) -> dict[str, Any]:
    return {**error, "message": error["message"].replace(FOR_PROGRAMMERS, "")[:LONGEST_MESSAGE]}


def _operations(text: str, tree: DocumentNode) -> Iterator[Operation]:
    # Priced here, beside the loop: with many types and variables that takes a while.
    return (Operation.of(text, tree, each) for each in tree.definitions if isinstance(each, OperationDefinitionNode))


def formatted(error: GraphQLError, code: str) -> dict[str, Any]:
    """An error that the client made, and may see; `code` where it has none of its own."""
    shown: dict[str, Any] = dict(error.formatted)
    # Names that nobody asked for are told by introspection, to those who may ask it.
    shown["message"] = error.message.partition(" Did you mean ")[0]
    shown["extensions"] = {"code": code, **(error.extensions or {})}
    return shown


def _exceeded(code: str, actual: int, limit: int, what: str) -> dict[str, Any]:
    message = f"The document has {actual:,} {what}, and may have {limit:,}; send values as variables."
    return plain(message, code, limit=limit, actual=actual)
