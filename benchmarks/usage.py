"""What running processes have used so far, as Linux tells it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(pids: Iterable[int]) -> float:
    """Seconds of processor, user's and system's, of these processes together; to a hundredth."""
    return sum(_processor_ticks(pid) for pid in pids) / TICKS


def resident_bytes(pid: int) -> int:
    """The memory that a process holds now (RSS)."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def _processor_ticks(pid: int) -> int:
    # The name of the program, in brackets, may hold blanks.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
