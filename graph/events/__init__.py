"""The one write door: typed events in, committed to the graph, each once.

`record` is what GraphQL mutations, endpoints, the bulk import and background work all call; `names` says which events
get in each other's way when they are recorded at once.
"""

from graph.events.door import MAX_EVENTS, record, record_all
from graph.events.names import names
from graph.events.outcomes import Call, Outcome, Rejection

__all__ = ["MAX_EVENTS", "Call", "Outcome", "Rejection", "names", "record", "record_all"]
