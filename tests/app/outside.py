"""What tests read that is no part of the repository: the contract and the real data sets, beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared"
SETS = ("completejourney", "olist", "debian-vouching", "otto")


def contract() -> Path:
    """The contract's file: C360_CONTRACT, else the one beside the checkout."""
    path = Path(os.environ.get("C360_CONTRACT") or SHARED / "contract" / "schema.graphql")
    return _there(path, path.is_file(), f"the contract is not at {path}: say where with C360_CONTRACT")


def real_data() -> Path:
    """The folder of the real data sets: C360_DATA, else the one beside the checkout."""
    folder = Path(os.environ.get("C360_DATA") or SHARED / "data")
    whole = all((folder / name).is_dir() for name in SETS)
    return _there(folder, whole, f"the real data sets are not in {folder}: say where with C360_DATA")


def _there(path: Path, there: bool, problem: str) -> Path:
    """`path`, if it is there. Otherwise the test skips, but in CI, which any value of the variable means, it fails."""
    if there:
        return path
    if os.environ.get("CI"):
        pytest.fail(problem)
    pytest.skip(problem)
