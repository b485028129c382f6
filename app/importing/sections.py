"""One table of a mapping: hands out its keys with their types checked, and knows what was never asked for."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from app.importing.errors import MappingError
from app.importing.positions import Path as KeyPath
from app.importing.positions import Positions

T = TypeVar("T")

_NAMES = {
    str: 'text in quotes, such as "x"',
    bool: "true or false",
    int: "a whole number",
    dict: "a table, { ... } or [...]",
    list: "a list, [ ... ]",
}


class Section:
    """A table of the mapping and where it stands. Every `take` is checked; `finish` refuses keys that nobody took."""

    def __init__(self, values: dict[str, Any], *, file: Path, positions: Positions, path: KeyPath = ()) -> None:
        self.values = values
        self._file = file
        self._positions = positions
        self._path = path
        self._taken: set[str] = set()

    @classmethod
    def load(cls, file: Path) -> Section:
        """The root table of a TOML file; raises MappingError when it is no readable TOML."""
        try:
            text = file.read_bytes().decode("utf-8-sig")
            values = tomllib.loads(text)
        except FileNotFoundError:
            raise MappingError(file, 1, "", "there is no such file; name a mapping with --mapping") from None
        except OSError as error:
            raise MappingError(file, 1, "", f"can't be read ({error.strerror})") from None
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise MappingError(file, line, "", "is not UTF-8; save it as UTF-8") from None
        except tomllib.TOMLDecodeError as error:
            raise MappingError(file, _line_of(str(error), text), "", f"is not TOML: {error}") from None
        return cls(values, file=file, positions=Positions(text))

    def error(self, key: str | int | None, advice: str) -> MappingError:
        """A MappingError about `key` of this table, or about the table itself (None)."""
        path = self._path if key is None else (*self._path, key)
        return MappingError(self._file, self._positions.line(path), _shown(path), advice)

    def has(self, key: str) -> bool:
        return key in self.values

    def take(self, key: str, kind: type[T], *, needed: str = "") -> T | None:
        """The value of `key`, None when absent; `needed` says what to write when it must be there."""
        self._taken.add(key)
        value = self.values.get(key)
        if value is None:
            if needed:
                raise self.error(None, f"{key} is missing; {needed}")
            return None
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.error(key, f"must be {_NAMES[kind]}, not {value!r}")
        return value

    def text(self, key: str, *, needed: str) -> str:
        """The text of `key`, which must be there and not be empty."""
        value = self.take(key, str, needed=needed)
        if not value:
            raise self.error(key, f"is empty; {needed}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; a single text counts as a list of one."""
        if isinstance(self.values.get(key), str):
            return (self.text(key, needed="write a name"),)
        found = self.take(key, list) or []
        for item in found:
            if not isinstance(item, str) or not item:
                raise self.error(key, f"must be a list of texts, not {item!r}")
        return tuple(found)

    def one_of(self, key: str, choices: Iterable[str], *, default: str | None = None) -> str:
        value = self.take(key, str)
        if value is None:
            if default is None:
                raise self.error(None, f"{key} is missing; write one of {', '.join(choices)}")
            return default
        if value not in choices:
            raise self.error(key, f"must be one of {', '.join(choices)}, not {value!r}{_hint(value, choices)}")
        return value

    def section(self, key: str) -> Section | None:
        value = self.take(key, dict)
        return None if value is None else self._below(value, key)

    def named(self, key: str) -> dict[str, Section]:
        """The tables inside a table, by name: `[files.orders]`."""
        outer = self.section(key)
        if outer is None:
            return {}
        return {name: found for name in outer.values if (found := outer.section(name)) is not None}

    def sections(self, key: str) -> list[Section]:
        """A list of tables; a single table counts as a list of one."""
        value = self.values.get(key)
        if isinstance(value, dict):
            return [self._below(value, key)] if self.take(key, dict) is not None else []
        found: list[Section] = []
        for place, item in enumerate(self.take(key, list) or []):
            if not isinstance(item, dict):
                raise self.error(key, f"must be a list of tables, not of {item!r}")
            found.append(self._below(item, key, place))
        return found

    def parts(self, key: str) -> list[Any]:
        """A list whose tables have become Sections; anything else counts as a list of one."""
        self._taken.add(key)
        value = self.values[key]
        listed = value if isinstance(value, list) else [value]
        return [self._below(item, key, place) if isinstance(item, dict) else item for place, item in enumerate(listed)]

    def finish(self) -> None:
        """Raises MappingError for the first key that nothing asked for."""
        for key in self.values:
            if key not in self._taken:
                known = ", ".join(sorted(self._taken))
                raise self.error(key, f"is not known here{_hint(key, self._taken)}; the keys are {known}")

    def _below(self, values: dict[str, Any], *keys: str | int) -> Section:
        return Section(values, file=self._file, positions=self._positions, path=(*self._path, *keys))


def _shown(path: KeyPath) -> str:
    """`read[2].events[1].at`: indexes from 1, as a reader counts."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _hint(word: str, known: Iterable[str]) -> str:
    close = get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _line_of(message: str, text: str) -> int:
    found = message.rpartition("at line ")[2].split(",")[0]
    return int(found) if found.isdecimal() else text.count("\n") + 1
