"""The table on the screen, and in docs/benchmarks.md, where each choice of cases and sizes has a section of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.children import TOP
from benchmarks.figures import HEADINGS, Figure, as_markdown

DOCUMENT = TOP / "docs" / "benchmarks.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
SECTION = "### "
COLOURS = {None: "", True: "green", False: "bold red"}


def show(figures: Sequence[Figure]) -> None:
    table = Table(title="Benchmarks", title_justify="left")
    for number, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="right" if number in (1, 3) else "left", overflow="fold")
    for figure in figures:
        table.add_row(*figure.cells(), style=COLOURS[figure.met])
    Console(highlight=False).print(table)


def write(figures: Sequence[Figure], facts: Sequence[str], *, title: str, path: Path = DOCUMENT) -> None:
    """Puts facts and table under `title`, between the marks of the document, instead of what stood there under that title: what
    was measured otherwise stays, with its own date and machine."""
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    measured, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{path.name} must hold the lines {BEGIN} and {END}")
    told = "\n".join(f"- {fact}" for fact in facts)
    parts = [each.partition("\n") for each in f"\n{measured}".split(f"\n{SECTION}")[1:]]
    sections = {name: body.strip() for name, _, body in parts} | {title: f"{told}\n\n{as_markdown(figures)}"}
    whole = "\n\n".join(f"{SECTION}{name}\n\n{body}" for name, body in sections.items())
    path.write_text(f"{before}{BEGIN}\n\n{whole}\n\n{END}{after}", encoding="utf-8")
