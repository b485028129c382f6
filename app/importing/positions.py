"""In which line of a TOML text each key stands: tomllib tells values, not places."""

from __future__ import annotations

import re
from typing import Any

Path = tuple[str | int, ...]

_KEY = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)\s*(\.)?""")
_TOKEN = re.compile(r'"""|\'\'\'|"(?:[^"\\]|\\.)*"|\'[^\']*\'|[\[\]{}#]')


class Positions:
    """Finds the line (from 1) of a path of keys and list indexes; keys inside an inline table have the line of their table."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {(): 1}
        self._counts: dict[Path, int] = {}
        self._index(text)

    def line(self, path: Path) -> int:
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def _index(self, text: str) -> None:
        table: Path = ()
        depth, fence = 0, ""
        for number, line in enumerate(text.splitlines(), 1):
            stripped = line.strip()
            if depth == 0 and not fence and stripped.startswith("["):
                table = self._header(stripped, number)
                continue
            rest = line
            if depth == 0 and not fence and stripped and not stripped.startswith("#"):
                keys, rest = _dotted(line)
                for end in range(1, len(keys) + 1):
                    self._lines.setdefault((*table, *keys[:end]), number)
            depth, fence = _still_open(rest, depth, fence)

    def _header(self, line: str, number: int) -> Path:
        listed = line.startswith("[[")
        keys, _ = _dotted(line.lstrip("["))
        path: Path = ()
        for place, key in enumerate(keys, 1):
            path = (*path, key)
            self._lines.setdefault(path, number)
            if listed and place == len(keys):
                self._counts[path] = self._counts.get(path, -1) + 1
            if path in self._counts:
                path = (*path, self._counts[path])
                self._lines.setdefault(path, number)
        return path


def _dotted(text: str) -> tuple[list[str], str]:
    """The keys that a line begins with, and what follows them."""
    keys: list[str] = []
    at = 0
    while found := _KEY.match(text, at):
        keys.append(found[1][1:-1] if found[1][0] in "\"'" else found[1])
        at = found.end()
        if not found[2]:
            break
    return keys, text[at:]


def _still_open(text: str, depth: int, fence: str) -> tuple[int, str]:
    """How many brackets, and which multi-line string, are open at the end of a line."""
    at = 0
    while True:
        if fence:
            end = text.find(fence, at)
            if end < 0:
                return depth, fence
            at, fence = end + 3, ""
        found: Any = _TOKEN.search(text, at)
        if found is None or found[0] == "#":
            return depth, ""
        at = found.end()
        if found[0] in ('"""', "'''"):
            fence = found[0]
        elif found[0] in "[{":
            depth += 1
        elif found[0] in "]}":
            depth -= 1
