"""What an event names: keeping two events that name something in common makes the second one wait for the first."""

from __future__ import annotations

from graph.events.inputs import DECIDING, REFERRING, Event
from graph.events.kept import key, mentioned
from graph.events.thing_rows import KIND
from graph.events.who import named_in

#: Named by all that has to do with referrals: they change whole trees, large trees are few, and so are those who invite most.
FOREST = "forest"


def names(event: Event) -> frozenset[str]:
    """Keys of the identifiers, customer ids, things and codes that an event names.

    A hint, and no lock: `record` keeps events right however they come, but those that name nothing in common sooner.
    """
    identifiers, customer_ids = named_in(event)
    found = [key(*each) for each in identifiers]
    found += customer_ids
    kind = KIND.get(type(event))
    if kind is not None:
        found.append(key(kind[0], event.source, getattr(event, kind[1])))
    elif isinstance(event, (*REFERRING, *DECIDING)):
        found.append(FOREST)
    beside = mentioned(event)
    if beside is not None:
        found.append(beside)
    return frozenset(found)
