"""`python -m benchmarks.measured FILE ARGUMENTS…`: the command `c360` with these arguments; its peak memory goes to FILE."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from app.cli import main as c360


def peak_bytes() -> int:
    """The most memory this process ever held (RSS), whatever the one that started it holds."""
    status = Path("/proc/self/status")
    if status.exists():
        # The resource usage of Linux takes in what the parent held when it forked.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    path = Path(sys.argv.pop(1))
    try:
        c360()
    finally:
        path.write_text(str(peak_bytes()))


if __name__ == "__main__":
    main()
