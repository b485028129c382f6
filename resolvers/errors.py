"""What a client can be told, as one tree. Each error has a code in `extensions.code` and a message that says what to send.

ResolverError                BAD_USER_INPUT
├── BadValue                 INVALID_DATETIME, INVALID_DATE, INVALID_DECIMAL, INVALID_CURRENCY_CODE
├── InvalidId                INVALID_ID
├── InvalidKey               INVALID_KEY
├── InvalidCursor            INVALID_CURSOR
├── InvalidPageSize          INVALID_PAGE_SIZE
├── InvalidPeriod            INVALID_PERIOD
├── InvalidDepth             INVALID_DEPTH
├── InvalidDecay             INVALID_DECAY
├── InvalidOrder             INVALID_ORDER
├── InvalidSearch            INVALID_SEARCH
├── NotThere                 NOT_FOUND
├── TooMany                  TOO_MANY_IDS, TOO_MANY_VALUES
├── TooLarge                 TOO_LARGE
├── Forbidden                FORBIDDEN
├── Unrecorded               UNAVAILABLE
└── NotConvertible           CURRENCY_NOT_CONVERTIBLE
"""

from __future__ import annotations

from typing import Any


def plain(message: str, code: str, **more: int | str) -> dict[str, Any]:
    """An error as it is sent, without a place in the document; `more` stands beside the code."""
    return {"message": message, "extensions": {"code": code, **more}}


class ResolverError(Exception):
    """The root. graphql-core copies `extensions` into the response."""

    code = "BAD_USER_INPUT"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.extensions: dict[str, str | int] = {"code": code or self.code}


class BadValue(ResolverError):
    """A scalar that is none."""

    @classmethod
    def datetime(cls) -> BadValue:
        return cls("send an RFC 3339 time with an offset, such as 2026-11-23T17:00:00Z", code="INVALID_DATETIME")

    @classmethod
    def date(cls) -> BadValue:
        return cls("send a calendar date such as 2026-11-23", code="INVALID_DATE")

    @classmethod
    def decimal(cls) -> BadValue:
        return cls('send a finite decimal number as a string, such as "12.50"', code="INVALID_DECIMAL")

    @classmethod
    def currency(cls) -> BadValue:
        return cls("send an ISO 4217 currency code such as EUR, JPY or USD", code="INVALID_CURRENCY_CODE")


class InvalidId(ResolverError):
    """An id that can't be one, or is one of something else."""

    code = "INVALID_ID"

    @classmethod
    def malformed(cls) -> InvalidId:
        return cls("send an id as this service gives it: three letters, an underscore and 32 hexadecimal digits")

    @classmethod
    def other_kind(cls, prefix: str, wanted: str) -> InvalidId:
        return cls(f"an id that begins with {prefix}_ is of another kind; send one that begins with {wanted}")


class InvalidKey(ResolverError):
    """A customer or product named by nothing."""

    code = "INVALID_KEY"

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} is empty or too long; send 1 to 1,000 characters")


class InvalidCursor(ResolverError):
    """A cursor that this service didn't give for this list."""

    code = "INVALID_CURSOR"

    def __init__(self, argument: str) -> None:
        super().__init__(f"{argument} is no cursor of this list; send one that the same list gave, unchanged")


class GoneCursor(InvalidCursor):
    """The cursor of somebody who isn't in the list any more."""

    def __init__(self, argument: str) -> None:
        ResolverError.__init__(self, f"{argument} stands behind somebody who has left this list since; begin it again")


class InvalidPageSize(ResolverError):
    code = "INVALID_PAGE_SIZE"

    @classmethod
    def range(cls, argument: str, size: int, most: int) -> InvalidPageSize:
        error = cls(f"{argument} is {size:,}, and must be from 1 to {most:,}")
        error.extensions |= {"limit": most, "actual": size}
        return error

    @classmethod
    def both(cls) -> InvalidPageSize:
        return cls("send first or last, not both")


class InvalidPeriod(ResolverError):
    code = "INVALID_PERIOD"

    def __init__(self) -> None:
        super().__init__("period.from must be before period.to")


class InvalidDepth(ResolverError):
    """A depth that nothing goes to."""

    code = "INVALID_DEPTH"

    def __init__(self, depth: int, most: int, *, argument: str = "maxDepth") -> None:
        super().__init__(f"send {argument} from 1 to {most:,}, not {depth:,}")


class InvalidDecay(ResolverError):
    code = "INVALID_DECAY"

    def __init__(self, decay: float) -> None:
        super().__init__(f"send a decay from 0 to 1, not {decay}")


class InvalidOrder(ResolverError):
    code = "INVALID_ORDER"

    @classmethod
    def relevance(cls) -> InvalidOrder:
        return cls("orderBy RELEVANCE needs a search; send search, or another order")


class InvalidSearch(ResolverError):
    code = "INVALID_SEARCH"

    def __init__(self, number: int, most: int) -> None:
        super().__init__(f"search has {number:,} characters, and may have {most:,}; send a few words")
        self.extensions |= {"limit": most, "actual": number}


class NotThere(ResolverError):
    """What is to be watched doesn't exist."""

    code = "NOT_FOUND"

    def __init__(self, what: str) -> None:
        super().__init__(f"there is no such {what}; send a key that the query {what}(by:) finds")


class TooMany(ResolverError):
    @classmethod
    def ids(cls, number: int, most: int) -> TooMany:
        error = cls(f"these are {number:,} ids; send at most {most:,} at once", code="TOO_MANY_IDS")
        error.extensions |= {"limit": most, "actual": number}
        return error

    @classmethod
    def values(cls, argument: str, number: int, most: int) -> TooMany:
        error = cls(f"these are {number:,} values of {argument}; send at most {most}", code="TOO_MANY_VALUES")
        error.extensions |= {"limit": most, "actual": number}
        return error

    @classmethod
    def characters(cls, argument: str, number: int, most: int) -> TooMany:
        error = cls(f"a value of {argument} has {number:,} characters; send at most {most:,}", code="TOO_MANY_VALUES")
        error.extensions |= {"limit": most, "actual": number}
        return error


class TooLarge(ResolverError):
    """An answer that would hold more rows than one request may."""

    code = "TOO_LARGE"

    @classmethod
    def rows(cls, most: int) -> TooLarge:
        return cls(f"the answer would hold more than {most:,} rows; ask for shorter pages or less nesting")

    @classmethod
    def pages(cls, most: int) -> TooLarge:
        return cls(f"the answer would take more than {most:,} pages of lists; ask for less nesting")

    @classmethod
    def period(cls, most: int) -> TooLarge:
        return cls(f"the period holds more than {most:,} purchases and acceptances; ask for a shorter one, or for all time")


class Forbidden(ResolverError):
    """Something that whoever asks may not see, or do."""

    code = "FORBIDDEN"

    @classmethod
    def scopes(cls, missing: str) -> Forbidden:
        return cls(f"this needs {missing}, which your key or token doesn't have; use one that has it, or leave this out")

    @classmethod
    def others(cls) -> Forbidden:
        return cls("this is about somebody else, of whom a customer's own token sees a masked name; leave this out")

    @classmethod
    def several(cls, type: str) -> Forbidden:
        return cls(f"the customer with this {type} has others too, and whose token this is can't be told: part them first")

    @classmethod
    def oracle(cls, argument: str, scope: str) -> Forbidden:
        return cls(f"{argument} asks by personal data, which needs {scope}; name customers by their ids")


class Unrecorded(ResolverError):
    """The audit trail can't be written to; nothing may be told, or done, that doesn't stand there."""

    code = "UNAVAILABLE"

    def __init__(self) -> None:
        super().__init__("What is asked can't be recorded now, so that it can't be answered; send the request again.")


class NotConvertible(ResolverError):
    """A sum over currencies without a rate between them."""

    code = "CURRENCY_NOT_CONVERTIBLE"

    def __init__(self, source: str, target: str) -> None:
        message = f"there is no rate from {source} to {target}; ask for {source}, or have the rate set (C360_CURRENCY_RATES)"
        super().__init__(message)
