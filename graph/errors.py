"""Everything `graph` raises on purpose.

GraphError
├── MoneyError            an amount or a currency that is none
├── InvalidEvent          an event that is wrong in every order of arrival
├── StatementError        a .cypher file whose header and text disagree, or a call that doesn't fit the header
├── MigrationError        a migration that was changed after it was applied, or is missing
├── UnknownKey            an API key that there isn't, or that is good no more
└── StoreUnavailable      Neo4j can't be reached, or gave up on a transaction
    ├── Overloaded        more waits to be written than can be written soon
    ├── GaveUp            a transaction that was too large, or that others were in the way of
    │   └── Outgrown      it needs more memory than Neo4j gives one
    └── CommitUnheard     the connection broke while a transaction was being committed
"""

from __future__ import annotations


class GraphError(Exception):
    """Root of the errors of `graph`; the message says what to do."""


class MoneyError(GraphError):
    """An amount or a currency that is none."""

    @classmethod
    def not_a_number(cls, amount: str) -> MoneyError:
        return cls(f"{amount[:40]!r} is no finite decimal number; send digits such as 12.50")

    @classmethod
    def too_large(cls, amount: str, currency: str) -> MoneyError:
        return cls(f"{amount[:40]} {currency} is more than can be kept (10^14 minor units)")

    @classmethod
    def too_precise(cls, amount: str, currency: str, decimals: int) -> MoneyError:
        return cls(f"{amount[:40]} has more than the {decimals} decimals of {currency}; round it first")

    @classmethod
    def unknown_currency(cls, currency: str) -> MoneyError:
        return cls(f"{currency[:20]!r} is no ISO 4217 currency code; send one such as EUR, JPY or USD")


class InvalidEvent(GraphError):
    """An event that is wrong in every order of arrival. `path` names the field; `code` is a UserErrorCode of the contract."""

    def __init__(self, path: str, message: str, *, code: str = "INVALID") -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.code = code


class StatementError(GraphError):
    """A .cypher file whose header and text disagree, or a call that doesn't fit the header."""


class MigrationError(GraphError):
    """A migration that was changed after it was applied, or is missing."""


class UnknownKey(GraphError):
    """An API key that there isn't, or that is good no more."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"there is no key {key_id[:40]!r} that could be used; c360 keys list shows all")


class StoreUnavailable(GraphError):
    """Neo4j can't be reached, or gave up on a transaction; try again."""


class Overloaded(StoreUnavailable):
    """More waits to be written than can be written soon. `retry_after`: in how many seconds there should be room."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"more events wait to be written than can be written soon; send this again in {retry_after} s")
        self.retry_after = retry_after


class GaveUp(StoreUnavailable):
    """A transaction that was too large, or that others were in the way of: smaller ones may pass."""

    @classmethod
    def crowded(cls, attempts: int, last: Exception) -> GaveUp:
        return cls(f"other writers were in the way {attempts} times; try again when there are fewer (the last time: {last})")


class Outgrown(GaveUp):
    """A transaction that needs more memory than Neo4j gives one. Where it holds a single event, no repeat helps."""

    def __init__(self) -> None:
        super().__init__(
            "changes more customers than Neo4j has memory for in one transaction; send fewer events at once, or have "
            "db.memory.transaction.max raised, and send this again"
        )


class CommitUnheard(StoreUnavailable):
    """The connection broke while a transaction was being committed: all of it was kept, or nothing. Send it again."""
