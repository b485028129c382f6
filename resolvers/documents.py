"""What a process knows of the texts it was sent: each is read once, beside the event loop, and remembered, wrong ones too."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from graphql import DocumentNode, FieldNode, GraphQLError, OperationDefinitionNode, OperationType, parse, validate

from resolvers.costs import Price, price_of
from resolvers.guard import Limits, refusals, without_repeats
from resolvers.plans import NotCompiled, Plan, Recording, plan_of
from resolvers.schema import schema

#: What is remembered of a text that is wrong counts as so many tokens.
WRONG = 50


@dataclass(slots=True)
class Operation:
    """One operation of a valid document."""

    document: DocumentNode
    node: OperationDefinitionNode
    price: Price
    _plan: Plan | Recording | None = None
    _asked: bool = False
    _planned: bool = False

    @property
    def records_only(self) -> bool:
        """Whether it only records events, for which a request may be larger."""
        selected = self.node.selection_set.selections
        only = selected[0] if len(selected) == 1 else None
        return isinstance(only, FieldNode) and only.name.value == "recordEvents"

    @property
    def name(self) -> str | None:
        return self.node.name.value if self.node.name else None

    @property
    def type(self) -> OperationType:
        return self.node.operation

    def plan(self) -> Plan | Recording | None:
        """None for an operation that can't be compiled, or comes for the first time: many never come again."""
        if self._planned:
            return self._plan
        if not self._asked:
            self._asked = True
            return None
        self._planned = True
        with contextlib.suppress(NotCompiled):
            self._plan = plan_of(self.document, self.node)
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


@dataclass(slots=True)
class Documents:
    """Documents by their texts, the least recently used ones forgotten first."""

    limits: Limits = field(default_factory=Limits)
    _kept: OrderedDict[str, Document] = field(default_factory=OrderedDict)
    #: How many texts that came were remembered, and how many had to be read.
    hits: int = 0
    misses: int = 0
    _tokens: int = 0
    _coming: dict[str, asyncio.Future[Document]] = field(default_factory=dict)
    #: One thread: however many new texts come at once, they take no more than their share of the interpreter.
    _reader: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "documents"))

    def kept(self, text: str) -> Document | None:
        """The document of a text that was read before, as long as it is remembered."""
        document = self._kept.get(text)
        if document is not None:
            self._kept.move_to_end(text)
            self.hits += 1
        return document

    async def find(self, text: str) -> Document:
        """The document of a text; texts that come while they are being read are read once."""
        document = self.kept(text)
        if document is not None:
            return document
        self.misses += 1
        coming = self._coming.get(text)
        if coming is None:
            loop = asyncio.get_running_loop()
            coming = self._coming[text] = asyncio.ensure_future(loop.run_in_executor(self._reader, read, text, self.limits))
            coming.add_done_callback(lambda _: self._coming.pop(text, None))
        document = await asyncio.shield(coming)
        self.keep(text, document)
        return document

    def keep(self, text: str, document: Document) -> None:
        if text not in self._kept:
            self._kept[text] = document
            self._tokens += document.tokens
            while self._tokens > self.limits.kept and len(self._kept) > 1:
                self._tokens -= self._kept.popitem(last=False)[1].tokens

    def __len__(self) -> int:
        return len(self._kept)


def read(text: str, limits: Limits) -> Document:
    """Parse, guard and validate a text, in an order in which no step takes longer than its input is worth."""
    hash = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    if len(text) > limits.characters:
        return Document(hash, WRONG, (_exceeded("BODY_TOO_LARGE", len(text), limits.characters, "characters"),))
    try:
        node = parse(text, max_lexical_tokens=limits.tokens, max_comments=limits.tokens, allow_empty_selection_sets=False)
        errors = refusals(node, limits)
    except RecursionError:
        return Document(hash, WRONG, ({**_plain("The document is nested too deeply to be read.", "DOCUMENT_TOO_DEEP")},))
    except GraphQLError as error:
        if error.message.startswith("Syntax Error: Document contains more"):
            message = f"The document has more than {limits.tokens:,} tokens; send values as variables, and ask for less at once."
            return Document(hash, WRONG, (_plain(message, "TOO_MANY_TOKENS", limit=limits.tokens),))
        return Document(hash, WRONG, (formatted(error, "GRAPHQL_PARSE_FAILED"),))
    if errors:
        return Document(hash, WRONG, tuple(errors[: limits.errors]))
    tokens = node.token_count
    node = without_repeats(node)
    found = validate(schema._schema, node, max_errors=limits.errors, hide_suggestions=True)
    if found:
        return Document(hash, WRONG, tuple(formatted(error, "GRAPHQL_VALIDATION_FAILED") for error in found))
    return Document(hash, max(tokens, WRONG), operations=tuple(_operations(node)))


def _operations(document: DocumentNode) -> Iterator[Operation]:
    # Priced here, beside the loop: with many types and variables that takes a while.
    return (
        Operation(document, each, price_of(document, each, schema._schema))
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode)
    )


def formatted(error: GraphQLError, code: str) -> dict[str, Any]:
    """An error that the client made, and may see; `code` where it has none of its own."""
    shown: dict[str, Any] = dict(error.formatted)
    shown["extensions"] = {"code": code, **(error.extensions or {})}
    return shown


def _exceeded(code: str, actual: int, limit: int, what: str) -> dict[str, Any]:
    message = f"The document has {actual:,} {what}, and may have {limit:,}; send values as variables."
    return _plain(message, code, limit=limit, actual=actual)


def _plain(message: str, code: str, **more: int) -> dict[str, Any]:
    return {"message": message, "extensions": {"code": code, **more}}
