"""Which document a request means: the text it sends, one that it names by a hash, or one of the manifest.

docs/decisions/0011 says why these are as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from app.persisted import PersistedQueries, digest_of
from app.trusted import TrustedDocuments
from resolvers.documents import Documents
from resolvers.errors import plain

LONGEST_NAME = 300


class Unanswerable(Exception):
    """A request that names no document that can be run; with its HTTP status."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error = plain(message, code)

    @classmethod
    def malformed(cls, advice: str) -> Unanswerable:
        return cls(400, "BAD_REQUEST", advice)

    @classmethod
    def not_found(cls) -> Unanswerable:
        # Word for word what Apollo's and urql's clients wait for; a 4xx makes some of them give persisting up.
        return cls(200, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")

    @classmethod
    def not_supported(cls) -> Unanswerable:
        return cls(200, "PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported")

    @classmethod
    def misfit(cls) -> Unanswerable:
        return cls.malformed("Send query and its own hash: the text isn't the one that the hash or id stands for.")

    @classmethod
    def not_trusted(cls, *, strict: bool) -> Unanswerable:
        advice = "only the documents of its manifest are answered here" if strict else "or the text as query"
        return cls(400, "DOCUMENT_NOT_TRUSTED", f"Send the id of a trusted document as documentId, {advice}.")


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """How a request names its document: by its text, its hash (`extensions.persistedQuery`) or its id (`documentId`)."""

    text: str | None
    digest: str | None = None
    document_id: str | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Reference:
        """The reference in a request's JSON; raises Unanswerable where what is there has the wrong form."""
        text, extensions, document_id = given.get("query"), given.get("extensions"), given.get("documentId")
        if text is not None and not isinstance(text, str):
            raise Unanswerable.malformed("Send query as a string.")
        if document_id is not None and not _is_name(document_id):
            raise Unanswerable.malformed("Send documentId as a string, or leave it out.")
        digest = _digest(extensions.get("persistedQuery")) if isinstance(extensions, dict) else None
        # Some clients send an empty text beside a hash.
        return cls(text=text if text and text.strip() else None, digest=digest, document_id=document_id)


def _digest(persisted: object) -> str | None:
    if persisted is None:
        return None
    if not isinstance(persisted, Mapping) or not _is_name(persisted.get("sha256Hash")):
        raise Unanswerable.malformed('Send extensions.persistedQuery as {"version": 1, "sha256Hash": "…"}.')
    if persisted.get("version") != 1 or isinstance(persisted["version"], bool):
        raise Unanswerable.malformed("Send extensions.persistedQuery with version 1: there is no other.")
    digest: str = persisted["sha256Hash"]
    return digest


def _is_name(given: object) -> bool:
    return isinstance(given, str) and 0 < len(given) <= LONGEST_NAME


@dataclass(frozen=True, slots=True)
class KnownDocuments:
    """What is known beside the texts that requests send. `persisted` None: clients can't persist queries. `documents` says which
    texts are valid."""

    trusted: TrustedDocuments
    persisted: PersistedQueries | None
    documents: Documents

    async def text(self, asked: Reference) -> str:
        """The text to run; raises Unanswerable."""
        trusted = self._trusted(asked)
        if trusted is not None:
            return trusted
        if self.trusted.strict:
            raise Unanswerable.not_trusted(strict=True)
        if asked.digest is not None and self.persisted is not None:
            return await self._persisted(self.persisted, asked.digest, asked.text)
        if asked.text is not None:
            return asked.text
        if asked.digest is not None:
            raise Unanswerable.not_supported()
        if asked.document_id is not None:
            raise Unanswerable.not_trusted(strict=False)
        raise Unanswerable.malformed("Send query: the text of a GraphQL document.")

    def _trusted(self, asked: Reference) -> str | None:
        for name in (asked.document_id, asked.digest):
            found = None if name is None else self.trusted.text(name)
            if found is not None:
                if asked.text is not None and asked.text != found:
                    raise Unanswerable.misfit()
                return found
        return None

    async def _persisted(self, persisted: PersistedQueries, digest: str, text: str | None) -> str:
        if text is None:
            found = await persisted.find(digest)
            if found is None:
                raise Unanswerable.not_found()
            return found
        if digest_of(text) != digest:
            raise Unanswerable.misfit()
        if not (await self.documents.find(text)).errors:
            await persisted.keep(text)
        return text
