"""Which misses are kept, by a clock of the test's own."""

from __future__ import annotations

from app.admission import MOST, SECONDS, Admission


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_was_missed_lately_is_admitted() -> None:
    clock = Clock()
    admission = Admission(clock=clock)
    assert not admission.admits("ana")
    assert not admission.admits("ana"), "asking alone is no miss that was answered"
    admission.note(["ana"])
    assert admission.admits("ana") and not admission.admits("ben")
    clock.now += SECONDS
    assert admission.admits("ana"), "of the generation before"
    admission.note(["ben"])
    clock.now += SECONDS
    assert admission.admits("ben") and not admission.admits("ana")


def test_after_a_quiet_time_nothing_is_remembered() -> None:
    clock = Clock()
    admission = Admission(clock=clock)
    admission.note(["ana"])
    clock.now += 2 * SECONDS
    assert not admission.admits("ana")


def test_it_remembers_so_many_and_no_more() -> None:
    admission = Admission(clock=Clock())
    for number in range(3 * MOST):
        admission.note([number])
        admission.admits(number)
    assert admission.admits(3 * MOST - 1) and admission.admits(2 * MOST) and not admission.admits(0)


def test_at_once_everything_is_admitted() -> None:
    assert Admission(at_once=True).admits("ana")
