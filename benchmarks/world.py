"""`python -m benchmarks.world CUSTOMERS FILE`: a demo world as lines of the contract, written by a process of its own."""

from __future__ import annotations

import sys
from pathlib import Path

from app.demo import write_events

SEED = 360

MAPPING = """\
version = 1
[files.events]
path = "events.jsonl"
[[read]]
file = "events"
events = "contract"
"""


def main() -> None:
    customers, path = sys.argv[1:]
    write_events(Path(path), customers=int(customers), seed=SEED)


if __name__ == "__main__":
    main()
