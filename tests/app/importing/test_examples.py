"""What a stranger finds in examples/: the small cut imports with the mapping of the whole set, and is what its README says."""

from __future__ import annotations

from collections import Counter

from graph.events.inputs import CommunicationInput, IdentifyInput, PurchaseInput, TouchpointInput
from tests.app.importing.harness import EXAMPLES, make
from tests.app.importing.recount import CompleteJourney
from tests.app.outside import SETS

CUT = EXAMPLES / "completejourney" / "data"


def test_the_cut_of_completejourney() -> None:
    truth = CompleteJourney(CUT)
    assert len(truth.households) == 50
    made = make(CUT, EXAMPLES / "completejourney" / "mapping.toml")
    assert made.rejects == []
    kinds = Counter(type(event) for event in made.events)
    assert kinds == {PurchaseInput: len(truth.baskets), CommunicationInput: 130, TouchpointInput: 33, IdentifyInput: 20}
    purchases = [event for event in made.events if isinstance(event, PurchaseInput)]
    assert sum(len(purchase.items) for purchase in purchases) == len(truth.lines) == 1_564
    assert sum(purchase.total.amount for purchase in purchases if purchase.total) == truth.sales


def test_the_examples_are_small_and_hold_only_what_may_be_here() -> None:
    files = [path for path in EXAMPLES.rglob("*") if path.is_file()]
    assert {path.parent.name for path in files if path.name == "mapping.toml"} == set(SETS)
    assert sum(path.stat().st_size for path in files) < 300_000
    # Olist's licence allows no row of it in this repository.
    assert [path.name for path in (EXAMPLES / "olist").iterdir()] == ["mapping.toml"]
    assert {path.parent for path in files if path.suffix == ".gz"} == {CUT}
