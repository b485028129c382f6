"""What can go wrong with the demo data.

DemoError (an AppError)
├── BadSize          a number of customers or a seed that can't be used
└── DemoRefused      the write door refused events
"""

from __future__ import annotations

from app.errors import AppError

MOST_CUSTOMERS = 10_000_000


class DemoError(AppError):
    """Root of the errors of `app.demo`; the message says what to do."""


class BadSize(DemoError):
    exit_code = 2

    @classmethod
    def customers(cls, customers: int) -> BadSize:
        return cls(f"--customers must be from 1 to {MOST_CUSTOMERS:,}, not {customers:,}")

    @classmethod
    def seed(cls, seed: int) -> BadSize:
        return cls(f"--seed must be from 0 to 2^63 - 1, not {seed}")


class DemoRefused(DemoError):
    @classmethod
    def other_world(cls) -> DemoRefused:
        return cls(
            "this database already holds demo data of another size or seed: "
            "load the same one again, or start from an empty database"
        )

    @classmethod
    def events(cls, refused: int, first: str) -> DemoRefused:
        return cls(f"{refused:,} demo events were refused, the first because of {first}: please report this as a fault")
