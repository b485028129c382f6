"""The documents that a manifest allows, by their ids: read, parsed and validated before the service starts.

Two forms of manifest are known: Apollo's persisted query manifest, and the plain map of ids to texts that Relay and GraphQL Code
Generator write. An id is a name, not a proof: tools hash with what they like.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from app.errors import SettingsError
from app.settings import Settings
from app.settings_variables import VARIABLES
from resolvers.documents import read
from resolvers.guard import Limits

LONGEST_ID = 256
PREFIX = "sha256:"


class _Operation(msgspec.Struct, frozen=True):
    id: str
    name: str
    type: Literal["query", "mutation", "subscription"]
    body: str


class _Manifest(msgspec.Struct, frozen=True):
    format: Literal["apollo-persisted-query-manifest"]
    version: Literal[1]
    operations: list[_Operation]


@dataclass(frozen=True, slots=True)
class TrustedDocuments:
    """Texts by id. `strict`: whether nothing else is answered."""

    texts: Mapping[str, str]
    strict: bool

    @classmethod
    def of(cls, settings: Settings) -> TrustedDocuments:
        """What the settings name; raises SettingsError, which names the entry of the manifest that is wrong."""
        mode, path = settings.trusted_documents, settings.trusted_manifest
        if mode == "off":
            return cls({}, strict=False)
        if path is None:
            raise _problem("must name a file when C360_TRUSTED_DOCUMENTS is prefer or strict")
        return cls(read_manifest(path, settings.limits), strict=mode == "strict")

    def text(self, name: str) -> str | None:
        """The document with this id; None where there is none. `sha256:` before it is how GraphQL over HTTP says what it is."""
        return self.texts.get(name) or self.texts.get(name.removeprefix(PREFIX))


@dataclass(frozen=True, slots=True)
class _Entry:
    """One document of a manifest; `operation`: the kind and the name that are claimed for it, where any are."""

    where: str
    id: str
    text: str
    operation: tuple[str, str] | None = None

    def problem(self, limits: Limits) -> str | None:
        if not 0 < len(self.id) <= LONGEST_ID:
            return f"its id must have 1 to {LONGEST_ID} characters, not {len(self.id)}"
        document = read(self.text, limits)
        if document.errors:
            return str(document.errors[0]["message"])
        found = [(operation.type.value, operation.name) for operation in document.operations]
        if not found:
            return "its text must hold an operation"
        if self.operation is not None and found != [self.operation]:
            kind, name = self.operation
            return f"its body must hold the {kind} {name}, and no other operation"
        return None


def read_manifest(path: Path, limits: Limits) -> Mapping[str, str]:
    """The documents of a manifest by id, which are valid and within the limits; raises SettingsError."""
    try:
        data = path.read_bytes()
        raw = msgspec.json.decode(data)
    except OSError as error:
        raise _problem(f"{path} can't be read ({error.strerror})") from None
    except msgspec.DecodeError as error:
        raise _problem(f"{path} is no JSON: {error}") from None
    texts: dict[str, str] = {}
    for entry in _entries(path, raw):
        problem = entry.problem(limits)
        if problem is None and texts.setdefault(entry.id, entry.text) != entry.text:
            problem = f"its id {entry.id} is that of another document, too"
        if problem is not None:
            raise _problem(f"{path}: {entry.where}: {problem}")
    return texts


def _entries(path: Path, raw: Any) -> Iterator[_Entry]:
    try:
        if isinstance(raw, dict) and ("format" in raw or isinstance(raw.get("operations"), list)):
            for number, each in enumerate(msgspec.convert(raw, _Manifest).operations):
                yield _Entry(f"operations[{number}] ({each.name})", each.id, each.body, (each.type, each.name))
        else:
            for identifier, text in msgspec.convert(raw, dict[str, str]).items():
                yield _Entry(f"the document {identifier[:80]}", identifier, text)
    except msgspec.ValidationError as error:
        forms = "an Apollo persisted query manifest, or a map of ids to texts"
        raise _problem(f"{path} is neither {forms}: {error}") from None


def _problem(problem: str) -> SettingsError:
    return SettingsError(VARIABLES["trusted_manifest"][0], problem)
