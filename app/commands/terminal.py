"""What the commands show: progress bars on standard error, JSON and tables on standard output."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, for scripts.")]

errors = Console(stderr=True, highlight=False)


def print_json(value: Mapping[str, Any]) -> None:
    """`value` as one line of JSON on standard output."""
    import msgspec

    sys.stdout.write(msgspec.json.encode(value, enc_hook=str).decode() + "\n")


def printable(text: str) -> str:
    """A text that others chose, for a line of a terminal: what would move its cursor, colour it or hide some of it is escaped."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table on standard output; the cells of every column but the first stand right when they are numbers."""
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        numeric = number and all(isinstance(row[number], int | float) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(_cell, row))
    Console(highlight=False).print(table)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


@contextmanager
def bar(title: str, *, in_bytes: bool = False) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar that shows itself at the first call of what it gives: (done, of how many, or None)."""
    count = DownloadColumn() if in_bytes else MofNCompleteColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), count, TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True) as progress:

        def show(done: int, total: int | None) -> None:
            task = progress.task_ids[0] if progress.task_ids else progress.add_task(title, total=total)
            progress.update(task, completed=done, total=total)

        yield show


class Steps:
    """Times the steps of a longer command, says each when it is done, and all of them in a table at the end."""

    def __init__(self) -> None:
        self._begun = time.perf_counter()
        self._done: list[tuple[str, float]] = []

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        seconds = time.perf_counter() - begun
        self._done.append((name, seconds))
        errors.print(f"[green]✓[/green] {name} [dim]{seconds:.1f} s[/dim]")

    def print(self) -> None:
        rows = [*self._done, ("in all", time.perf_counter() - self._begun)]
        print_table("Timings", ("step", "seconds"), rows)
