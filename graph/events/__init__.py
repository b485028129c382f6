"""The one write door: typed events in, committed to the graph, each once.

`record` is what GraphQL mutations, endpoints, the bulk import and background work all call; `names` says which events
get in each other's way when they are recorded at once.
"""

from graph.events.door import Outcome, Rejection, record
from graph.events.names import names

__all__ = ["Outcome", "Rejection", "names", "record"]
