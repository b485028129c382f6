"""What a process knows of the texts of operations: each is parsed, guarded and validated once, and then kept.

Texts that fail are kept too, or sending the same wrong one again and again would cost the same work each time. An unknown
text is read in a thread of its own, one text at a time, so that the event loop never waits for it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    parse,
    validate,
)
from graphql.validation.rules import overlapping_fields_can_be_merged

from resolvers.errors import formatted
from resolvers.guard import Limits, faults
from resolvers.schema import schema

SIZE = 1_000
"""Documents that are kept."""

LONGEST_MESSAGE = 1_000
"""Characters of an error: some quote what is wrong, which may be most of the text."""

TOKENS_EACH = 100
"""Of a kept document, on the average: a token takes 600 bytes, and the limit allows twenty times as many."""

WAITING = 100
"""Unknown texts that may wait to be read."""

# Fields of one name are compared each with each; ten times what a page full of fragments that repeat each other takes.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 50_000


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document. `label` is for metrics and logs."""

    node: OperationDefinitionNode
    name: str | None
    type: OperationType
    label: str

    @classmethod
    def of(cls, node: OperationDefinitionNode) -> Operation:
        name = node.name.value if node.name else None
        return cls(node, name, node.operation, name or "anonymous")

    @property
    def only_records_events(self) -> bool:
        """Whether it does nothing but take events, and may therefore be larger than others."""
        match self.node.selection_set.selections:
            case (FieldNode() as only,):
                return self.type is OperationType.MUTATION and only.name.value == "recordEvents"
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a text is: a valid document with its operations by name, or else what is wrong with it, as clients are told.

    `node` is None where there are `errors`. `hash` names the text, the same one in every process.
    """

    node: DocumentNode | None
    errors: tuple[dict[str, Any], ...]
    tokens: int
    hash: str
    operations: Mapping[str | None, Operation] = field(default_factory=lambda: MappingProxyType({}))

    def operation(self, name: str | None) -> Operation | None:
        """The operation of that name; without a name the only one there is."""
        if name is None:
            return next(iter(self.operations.values())) if len(self.operations) == 1 else None
        return self.operations.get(name)


class Documents:
    """The documents of a process; at most `size` are kept, those that were asked for last."""

    def __init__(self, limits: Limits, *, size: int = SIZE) -> None:
        self.limits = limits
        self._size = size
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._tokens = 0
        self._reading: dict[str, asyncio.Task[Document]] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="documents")

    def kept(self, text: str) -> Document | None:
        """The document of a text, if it is known already."""
        return self._known(_hash(text))

    async def find(self, text: str) -> Document:
        """The document of a text, which is read if it isn't known."""
        if len(text) > self.limits.text:
            return _refused(_hash(text), f"The document has {len(text):,} characters; send at most {self.limits.text:,}.")
        key = _hash(text)
        if known := self._known(key):
            return known
        if key not in self._reading:
            if len(self._reading) >= WAITING:
                return _refused(key, "Too many new documents came at once; send the request again.", code="UNAVAILABLE")
            self._reading[key] = asyncio.create_task(self._read(key, text))
        # Others may wait for it when this request is given up.
        return await asyncio.shield(self._reading[key])

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _known(self, key: str) -> Document | None:
        if (document := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
        return document

    async def _read(self, key: str, text: str) -> Document:
        try:
            document = await asyncio.get_running_loop().run_in_executor(self._thread, read, key, text, self.limits)
        finally:
            del self._reading[key]
        self._kept[key] = document
        self._tokens += document.tokens
        while len(self._kept) > self._size or (self._tokens > self._size * TOKENS_EACH and len(self._kept) > 1):
            _, oldest = self._kept.popitem(last=False)
            self._tokens -= oldest.tokens
        return document


def read(key: str, text: str, limits: Limits) -> Document:
    """Parse, guard and validate a text. The guard comes before validation, which works hardest."""
    try:
        node = parse(text, max_lexical_tokens=limits.tokens, max_comments=limits.tokens, allow_empty_selection_sets=False)
    except GraphQLError as error:
        return _wrong(key, [_too_many_tokens(error, limits) or formatted(error, "GRAPHQL_PARSE_FAILED")])
    if found := list(faults(node, limits)):
        return _wrong(key, [formatted(error, "GRAPHQL_VALIDATION_FAILED") for error in found[: limits.errors]])
    if found := validate(schema._schema, node, max_errors=limits.errors, hide_suggestions=True):
        return _wrong(key, [formatted(error, "GRAPHQL_VALIDATION_FAILED") for error in found])
    operations = [Operation.of(each) for each in node.definitions if isinstance(each, OperationDefinitionNode)]
    return Document(
        node=node,
        errors=(),
        tokens=node.token_count,
        hash=key,
        operations=MappingProxyType({each.name: each for each in operations}),
    )


def _too_many_tokens(error: GraphQLError, limits: Limits) -> dict[str, Any] | None:
    """The parser stops at the limit, so nobody knows how many there are."""
    if not isinstance(error, GraphQLSyntaxError) or f"contains more than {limits.tokens} " not in error.message:
        return None
    what = "comments" if error.message.endswith("comments. Parsing aborted.") else "tokens"
    return _error(f"The document has more than {limits.tokens:,} {what}; send fewer, and values as variables.", "TOO_MANY_TOKENS")


def _refused(key: str, message: str, *, code: str = "DOCUMENT_TOO_LONG") -> Document:
    return _wrong(key, [_error(message, code)])


def _wrong(key: str, errors: list[dict[str, Any]]) -> Document:
    told = tuple({**each, "message": each["message"][:LONGEST_MESSAGE]} for each in errors)
    return Document(node=None, errors=told, tokens=0, hash=key)


def _error(message: str, code: str) -> dict[str, Any]:
    return {"message": message, "extensions": {"code": code}}


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
