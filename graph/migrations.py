"""Migrations: `cypher/migrations/V0001__name.cypher`, immutable, applied in order, each statement ended by a semicolon."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from graph.errors import MigrationError
from graph.statements import CYPHER
from graph.store import PATIENCE, Store, Transaction


@dataclass(frozen=True, slots=True)
class Migration:
    """A file of `cypher/migrations/`; `checksum` is the SHA-256 of its bytes."""

    name: str
    checksum: str
    commands: tuple[str, ...]

    @classmethod
    def read(cls, path: Path) -> Migration:
        text = path.read_text(encoding="utf-8")
        lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("//"))
        commands = tuple(part.strip() for part in lines.split(";") if part.strip())
        return cls(path.stem, hashlib.sha256(text.encode()).hexdigest(), commands)


class AppliedMigration(msgspec.Struct, frozen=True):
    name: str
    checksum: str


def migrations() -> list[Migration]:
    """All migrations there are, in the order in which they apply."""
    return [Migration.read(path) for path in sorted((CYPHER / "migrations").glob("V*.cypher"))]


async def migrate(store: Store) -> list[str]:
    """Apply what is missing and return the names applied; raises MigrationError when an applied one was changed since.

    The constraint comes first and outside the lock: it is what makes the lock node unique. Schema commands are all
    IF NOT EXISTS, so that a process killed between a command and its record does no harm.
    """
    await store.apply("CREATE CONSTRAINT migration_name IF NOT EXISTS FOR (m:Migration) REQUIRE m.name IS UNIQUE")

    async def work(transaction: Transaction) -> list[str]:
        # The lock node is held until this transaction commits: of several processes starting at once, one migrates.
        await transaction.run("migrations/lock_migrations")
        applied = {m.name: m.checksum for m in await transaction.many("migrations/find_migrations", AppliedMigration)}
        missing = []
        for migration in migrations():
            known = applied.get(migration.name)
            if known is None:
                missing.append(migration)
            elif known != migration.checksum:
                raise MigrationError(f"{migration.name} was changed after it was applied; restore it and add a new migration")
        for migration in missing:
            for command in migration.commands:
                await store.apply(command)
            # They are filled behind the command that makes them, and statements that insist on one fail until then.
            await store.apply(f"CALL db.awaitIndexes({PATIENCE:.0f})")
            await transaction.run("migrations/record_migration", name=migration.name, checksum=migration.checksum)
        return [migration.name for migration in missing]

    return await store.write(work)


async def pending(store: Store) -> list[str]:
    """Names of the migrations that have not been applied yet."""
    applied = {m.name for m in await store.many("migrations/find_migrations", AppliedMigration)}
    return [migration.name for migration in migrations() if migration.name not in applied]
