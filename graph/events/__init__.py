"""The one write door: typed events in, committed to the graph, each once.

`record` is what GraphQL mutations, endpoints, the bulk import and background work all call.
"""

from graph.events.door import Outcome, Rejection, record

__all__ = ["Outcome", "Rejection", "record"]
