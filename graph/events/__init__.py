"""The one write door: typed events in, committed to the graph, each once.

`record` is what GraphQL mutations, endpoints, the bulk import and background work all call. Its halves, `check_all` and
`write`, are for who has the next events checked while the last ones are being written.
"""

from graph.events.door import Checked, Outcome, Rejection, check_all, record, write

__all__ = ["Checked", "Outcome", "Rejection", "check_all", "record", "write"]
