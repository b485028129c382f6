"""What a mapping says, read from its TOML: which files, which rows of them, which events come of a row.

The tables of the events themselves are compiled later (`compile.py`), when the columns of the files are known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from app.importing.sections import Section

FORMATS = ("csv", "jsonl", "parquet")
_SUFFIXES = {".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
_SECTIONS = 'write [files.NAME] with path = "FILE" for each file, and [[read]] for each that is to be read'


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSpec:
    """A file of the import; `path` is relative to the folder that is imported."""

    name: str
    path: str
    format: str
    delimiter: str
    encoding: str
    optional_columns: frozenset[str]
    section: Section = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsSpec:
    """Rows of one file: a list in them unnested, look-ups joined to them, those kept that meet `where`."""

    file: FileSpec
    unnest: str | None
    joins: tuple[JoinSpec, ...]
    where: tuple[Section, ...]
    section: Section = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinSpec:
    """A look-up: at most one row of `file` whose columns stand beside those of the row, as `name.column`."""

    name: str
    file: FileSpec
    on: tuple[tuple[str, str], ...]
    required: bool
    section: Section = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """A list: the rows of another file that belong to the row by a key."""

    name: str
    rows: RowsSpec
    on: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpec:
    """Rows of one key cut into runs: a run ends with the rows that meet `ends_with`; those that meet `keep` pile up."""

    by: tuple[str, ...]
    ends_with: tuple[Section, ...]
    keep: tuple[Section, ...]
    section: Section = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSpec:
    """One passage over a file, and the events that come of its rows. `contract`: its rows are events already."""

    rows: RowsSpec
    contract: bool
    group_by: tuple[str, ...]
    contiguous: bool
    run: RunSpec | None
    children: tuple[ChildSpec, ...]
    events: tuple[Section, ...]
    section: Section = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """A whole mapping. `source` names where the events come from: their ids, and the numbers of things, are unique in it."""

    path: Path
    source: str
    files: tuple[FileSpec, ...]
    reads: tuple[ReadSpec, ...]

    @property
    def name(self) -> str:
        """What the mapping is called: its source, else its file, without the ending."""
        return self.source or self.path.stem


def load_mapping(path: Path) -> Mapping:
    """The mapping in a TOML file. Raises MappingError: file, line, key and what to write instead."""
    root = Section.load(path)
    if root.take("version", int, needed="write version = 1") != 1:
        raise root.error("version", "must be 1, the only version there is")
    files = {name: _file(name, section) for name, section in root.named("files").items()}
    reads = tuple(_read(section, files) for section in root.sections("read"))
    if not files or not reads:
        raise root.error(None, f"nothing to read; {_SECTIONS}")
    source = root.take("source", str) or ""
    if not source and not all(read.contract for read in reads):
        raise root.error(None, 'source is missing; write source = "NAME", the system that the files come from')
    root.finish()
    return Mapping(path=path, source=source, files=tuple(files.values()), reads=reads)


def _file(name: str, section: Section) -> FileSpec:
    path = section.text("path", needed="write the file's name within the folder")
    if Path(path).is_absolute() or ".." in Path(path).parts:
        raise section.error("path", "must stay within the folder that is imported")
    bare = path.removesuffix(".gz")
    known = _SUFFIXES.get(Path(bare).suffix.lower())
    format_ = section.one_of("format", FORMATS, default=known)
    if format_ == "parquet" and bare != path:
        raise section.error("path", "a Parquet file is compressed inside; it can't be a .gz")
    delimiter = section.take("delimiter", str) or ("\t" if bare.endswith(".tsv") else ",")
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise section.error("delimiter", "must be one character, such as ; or a tab")
    spec = FileSpec(
        name=name,
        path=path,
        format=format_,
        delimiter=delimiter,
        encoding=_encoding(section),
        optional_columns=frozenset(section.texts("optional_columns")),
        section=section,
    )
    section.finish()
    return spec


def _encoding(section: Section) -> str:
    encoding = section.take("encoding", str) or "utf-8"
    try:
        plain = "a,\n".encode(encoding) == b"a,\n"
    except (LookupError, UnicodeError):
        raise section.error("encoding", f"{encoding!r} is not known; write one such as utf-8, cp1252 or cp932") from None
    if not plain:
        raise section.error("encoding", f"{encoding} can't be read line by line; convert the file to UTF-8")
    return encoding


def _read(section: Section, files: dict[str, FileSpec]) -> ReadSpec:
    contract = isinstance(section.values.get("events"), str)
    if contract:
        section.one_of("events", ("contract",))
        rows = RowsSpec(file=_named_file(section, files), unnest=None, joins=(), where=(), section=section)
        if rows.file.format != "jsonl":
            raise section.error("events", 'events = "contract" needs a JSONL file, one {"kind": {...}} a line')
        section.finish()
        return ReadSpec(
            rows=rows, contract=True, group_by=(), contiguous=False, run=None, children=(), events=(), section=section
        )
    rows = _rows(section, files)
    children = tuple(_child(name, child, files) for name, child in section.named("children").items())
    taken = {"lines", "run", *(join.name for join in rows.joins)}
    for child in children:
        if child.name in taken:
            raise section.error("children", f"{child.name} is taken; give the list another name")
    events = tuple(section.sections("events"))
    if not events:
        raise section.error(None, "events are missing; write [[read.events]] with kind, id, at, ...")
    spec = ReadSpec(
        rows=rows,
        contract=False,
        group_by=section.texts("group_by"),
        contiguous=bool(section.take("contiguous", bool)),
        run=_run(section),
        children=children,
        events=events,
        section=section,
    )
    if spec.contiguous and not (spec.group_by or spec.run):
        raise section.error("contiguous", "says nothing without group_by or run; leave it out")
    section.finish()
    return spec


def _rows(section: Section, files: dict[str, FileSpec]) -> RowsSpec:
    return RowsSpec(
        file=_named_file(section, files),
        unnest=section.take("unnest", str),
        joins=tuple(_join(name, join, files) for name, join in section.named("join").items()),
        where=tuple(section.sections("where")),
        section=section,
    )


def _named_file(section: Section, files: dict[str, FileSpec]) -> FileSpec:
    name = section.one_of("file", tuple(files))
    return files[name]


def _join(name: str, section: Section, files: dict[str, FileSpec]) -> JoinSpec:
    spec = JoinSpec(
        name=name,
        file=_named_file(section, files),
        on=_on(section),
        required=bool(section.take("required", bool)),
        section=section,
    )
    section.finish()
    return spec


def _child(name: str, section: Section, files: dict[str, FileSpec]) -> ChildSpec:
    spec = ChildSpec(name=name, rows=_rows(section, files), on=_on(section))
    section.finish()
    return spec


def _on(section: Section) -> tuple[tuple[str, str], ...]:
    """Pairs of columns, here and there: `on = "id"` for the same name on both sides, else `on = { here = "there" }`."""
    if isinstance(section.values.get("on"), str):
        name = section.text("on", needed="write the column's name")
        return ((name, name),)
    pairs = section.section("on")
    if pairs is None or not pairs.values:
        raise section.error(None, 'on is missing; write on = "COLUMN" or on = { column_here = "column_there" }')
    return tuple((here, pairs.text(here, needed="write the other file's column")) for here in pairs.values)


def _run(section: Section) -> RunSpec | None:
    run = section.section("run")
    if run is None:
        return None
    spec = RunSpec(by=run.texts("by"), ends_with=tuple(run.sections("ends_with")), keep=tuple(run.sections("keep")), section=run)
    if not (spec.by and spec.ends_with and spec.keep):
        raise run.error(None, "needs by (columns), ends_with and keep (conditions)")
    run.finish()
    return spec
