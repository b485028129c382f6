"""The questions, as they stand in `cypher/`: one statement a file, found by `stem/name`.

The first line of a file is its header, `// name($param, …) -> shape Record`: the shape is `one` (a row or none), `many`
(any number of rows) or `write` (rows only where the text returns some). Each row holds one column.

In the text the parameters are fields of one map, `$asked`. Neo4j plans a text anew for each combination of the types and sizes
of its parameters, and lists of rows come in all sizes; a map is a map, so each text is planned once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from graph.errors import StatementError

CYPHER = Path(__file__).resolve().parent.parent / "cypher"

_HEADER = re.compile(r"// (?P<name>\w+)\((?P<params>[^)]*)\) -> (?P<shape>one|many|write)(?: (?P<record>\w+))?\s*$")


@dataclass(frozen=True, slots=True)
class Statement:
    """One file of `cypher/`: its name `stem/verb_noun`, parameters, shape, record name and text."""

    name: str
    parameters: frozenset[str]
    shape: str
    record: str | None
    text: str

    def check(self, given: frozenset[str]) -> None:
        """Raise StatementError unless exactly the parameters of the header are given."""
        if given != self.parameters:
            missing, extra = sorted(self.parameters - given), sorted(given - self.parameters)
            raise StatementError(f"cypher/{self.name}.cypher: missing parameters {missing}, unknown ones {extra}")


@cache
def statement(name: str) -> Statement:
    """The statement `stem/verb_noun`, read once; raises StatementError when it is missing or its header is malformed."""
    path = CYPHER / f"{name}.cypher"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise StatementError(f"there is no cypher/{name}.cypher") from None
    header = _HEADER.match(text.split("\n", 1)[0])
    if header is None or header["name"] != path.stem:
        raise StatementError(f"cypher/{name}.cypher: the first line must read // {path.stem}($param, …) -> one|many|write Record")
    parameters = frozenset(part.strip().removeprefix("$") for part in header["params"].split(",") if part.strip())
    return Statement(name, parameters, header["shape"], header["record"], text)


def statement_names() -> list[str]:
    """All statements there are, migrations apart, in order of name."""
    files = (path.relative_to(CYPHER).with_suffix("").as_posix() for path in CYPHER.rglob("*.cypher"))
    return sorted(name for name in files if not name.startswith("migrations/"))


def long_statements(at_least: int) -> list[Statement]:
    """Those of so many characters and more: what is only asked first, and the longest first of all."""
    every = (statement(name) for name in statement_names())
    return sorted(
        (each for each in every if len(each.text) >= at_least), key=lambda each: (each.shape == "write", -len(each.text))
    )
