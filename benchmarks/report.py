"""The table on the screen, and in docs/benchmarks.md between two marks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.children import TOP
from benchmarks.figures import HEADINGS, Figure, as_markdown

DOCUMENT = TOP / "docs" / "benchmarks.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
COLOURS = {None: "", True: "green", False: "bold red"}


def show(figures: Sequence[Figure]) -> None:
    table = Table(title="Benchmarks", title_justify="left")
    for number, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="right" if number in (1, 3) else "left", overflow="fold")
    for figure in figures:
        table.add_row(*figure.cells(), style=COLOURS[figure.met])
    Console(highlight=False).print(table)


def write(figures: Sequence[Figure], facts: Sequence[str], *, path: Path = DOCUMENT) -> None:
    """Puts table and facts between the marks of the document; what else it says stays."""
    text = path.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{path.name} must hold the lines {BEGIN} and {END}")
    told = "\n".join(f"- {fact}" for fact in facts)
    path.write_text(f"{before}{BEGIN}\n\n{told}\n\n{as_markdown(figures)}\n\n{END}{after}", encoding="utf-8")
