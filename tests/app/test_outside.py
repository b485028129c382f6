"""Tests of the contract and of real data run in CI, or fail there; elsewhere they may skip."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app import outside

TOP = Path(__file__).parents[2]
NEEDED = [outside.contract, outside.real_data]


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("C360_CONTRACT", "C360_DATA"):
        monkeypatch.setenv(variable, str(tmp_path / "none"))


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("needed", NEEDED)
@pytest.mark.parametrize("ci", ["true", "1"])
def test_ci_fails_without_them(needed: Callable[[], Path], ci: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(pytest.fail.Exception, match="say where with C360_"):
        needed()


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("needed", NEEDED)
def test_others_skip(needed: Callable[[], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="say where with C360_"):
        needed()


def test_what_ci_runs_says_that_it_is_ci() -> None:
    lines = (TOP / ".ci" / "run").read_text().splitlines()
    assert "export CI=true" in lines[: lines.index("make check")]


def test_nobody_else_decides_whether_to_skip() -> None:
    """One place reads CI; the other skip is for want of Docker."""
    deciding = {
        path.relative_to(TOP / "tests").as_posix()
        for path in (TOP / "tests").rglob("*.py")
        if path != Path(__file__) and ("pytest.skip(" in (text := path.read_text()) or "skipif" in text or '"CI"' in text)
    }
    assert deciding == {"app/outside.py", "app/test_compose.py"}
