"""A figure: what was measured, what it is compared with, and whether it is what it should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEADINGS = ("case", "figure", "compared with", "ratio", "target", "met")


@dataclass(frozen=True, slots=True)
class Target:
    """A bound of the ratio, or with `of_value` of the figure itself."""

    text: str
    bound: float
    least: bool = False
    of_value: bool = False

    def met_by(self, number: float) -> bool:
        return number >= self.bound if self.least else number <= self.bound


def at_least(ratio: float) -> Target:
    return Target(f"≥ {ratio:g}", ratio, least=True)


def at_most(ratio: float) -> Target:
    return Target(f"≤ {ratio:g}", ratio)


def below(value: float, unit: str) -> Target:
    return Target(f"< {value:g} {unit}", value, of_value=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of the table. `reference` is in the figure's unit; without a target it is for information.

    `ratio`: how it compares with `reference`, where that isn't simply the quotient of the two.
    """

    case: str
    value: float
    unit: str
    against: str = ""
    reference: float | None = None
    ratio: float | None = None
    target: Target | None = None

    @property
    def compared(self) -> float | None:
        """The ratio that is judged."""
        if self.ratio is not None or self.reference is None:
            return self.ratio
        return self.value / self.reference

    @property
    def met(self) -> bool | None:
        """None where there is nothing to meet."""
        if self.target is None:
            return None
        judged = self.value if self.target.of_value else self.compared
        return judged is not None and self.target.met_by(judged)

    def cells(self) -> tuple[str, ...]:
        reference = "" if self.reference is None else amount(self.reference, self.unit)
        ratio = "" if self.compared is None else f"{self.compared:.2f}"
        met = {None: "", True: "yes", False: "no"}[self.met]
        target = self.target.text if self.target else ""
        return self.case, amount(self.value, self.unit), f"{self.against} {reference}".strip(), ratio, target, met


def amount(value: float, unit: str) -> str:
    """Three digits that matter, or all of a larger number."""
    if value >= 100:
        return f"{value:,.0f} {unit}"
    return f"{value:.1f} {unit}" if value >= 10 else f"{value:.2f} {unit}"


def as_markdown(figures: Sequence[Figure]) -> str:
    """The figures as a table of Markdown, its numbers on the right."""
    rows = [HEADINGS, ("---", "---:", "---", "---:", "---", "---"), *(figure.cells() for figure in figures)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
