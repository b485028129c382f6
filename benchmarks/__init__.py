"""The figures of docs/benchmarks.md, run by `make bench`: ratios of one run on one machine, never absolute promises.

`run.py` says what is measured and in which order; `imports.py`, `profiles.py`, `timeline.py`, `merges.py`, `hotpath.py` and
`demo.py` each measure one thing; `snapshot.py` and `bare.py` are the bare script that the import is compared with;
`contenders.py` has all servers of the hot path up at once, `floor.py` and `peer_server.py` those that aren't ours, and
`traffic.py` asks them; `servers.py` gives every measurement servers of its own; `figures.py` and `report.py` show what came of
it.
"""
