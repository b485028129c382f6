"""How two identifiers are known to be one person."""

from __future__ import annotations

from collections.abc import Iterable

from graph.identity.evidence import Link

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


def weakest(path: Iterable[Link]) -> Link | None:
    """The link on which a path hangs: the last of them in the order of all links. None of none."""
    return max(path, key=lambda each: each.turn, default=None)
