"""How two identifiers are known to be one person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from graph.identity.evidence import Evidence, Link

Turn = tuple[int, int, str, str, str, str]


def shortest_path(links: Iterable[Link], start: str, end: str) -> list[Link] | None:
    """The fewest links that lead from one identifier to another, in their order; of several ways the one whose weakest link is
    the strongest. None where they lead nowhere; nothing from an identifier to itself."""
    around: dict[str, list[Link]] = {}
    for link in links:
        around.setdefault(link.a, []).append(link)
        around.setdefault(link.b, []).append(link)
    came: dict[str, Link] = {}
    reached = {start}
    layer: dict[str, Turn | None] = {start: None}
    while layer and end not in reached:
        layer = _next_layer(layer, reached, around, came)
        reached |= layer.keys()
    if end not in reached:
        return None
    path: list[Link] = []
    while end != start:
        back = came[end]
        path.append(back)
        end = back.a if back.b == end else back.b
    return path[::-1]


def _next_layer(
    layer: dict[str, Turn | None], reached: set[str], around: dict[str, list[Link]], came: dict[str, Link]
) -> dict[str, Turn | None]:
    """Those one link further, each with the turn of the weakest link on the best way there."""
    found: dict[str, Turn] = {}
    for at, worst in layer.items():
        for link in around.get(at, ()):
            other = link.b if link.a == at else link.a
            if other in reached:
                continue
            way = link.turn if worst is None else max(worst, link.turn)
            if other not in found or (way, link.turn) < (found[other], came[other].turn):
                found[other], came[other] = way, link
    return dict(found)


@dataclass(frozen=True, slots=True)
class Step:
    """A link as it is gone: from one of its identifiers to the other one."""

    one: str
    other: str
    link: Link

    @property
    def evidence(self) -> Evidence:
        """That of the link, whose first two name its ends, in this order."""
        return (self.one, self.other, *self.link.evidence[2:])


def gone(path: Iterable[Link], start: str) -> list[Step]:
    """A path as it is gone, from the identifier with which it begins."""
    steps = []
    for link in path:
        end = link.a if link.b == start else link.b
        steps.append(Step(start, end, link))
        start = end
    return steps


def weakest(path: Iterable[Link]) -> Link | None:
    """The link on which a path hangs: the last of them in the order of all links. None of none."""
    return max(path, key=lambda each: each.turn, default=None)
