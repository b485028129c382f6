"""Reviews, survey responses and cases as they come back."""

from __future__ import annotations

from decimal import Decimal

from graph.customers import ProfileKey, load_profiles
from graph.events import record
from graph.events.inputs import CaseInput, Event, PurchaseInput, PurchaseItemInput, ReviewInput, SurveyResponseInput
from graph.feedback import Case, Review, SurveyResponse
from graph.store import Store
from graph.timeline import Entry, load_entries, page_entries
from tests.graph.histories import SOURCE, at, by_email

ANN = by_email("ann")


async def told(store: Store, *events: Event) -> list[Entry]:
    """What stands on the timeline after these events, each in a call of its own; the three ways to read agree."""
    for event in events:
        outcome = await record(store, [event])
        assert outcome.accepted == 1
    [profile] = await load_profiles(store, [ProfileKey.of("email", "ann@example.com")])
    assert profile is not None
    page = await page_entries(store, profile.id, limit=10)
    owned = await load_entries(store, [entry.id for entry in page])
    assert list(profile.entries) == page == [each.entry for each in owned if each]
    return page


async def test_a_review_leads_to_its_purchase_whichever_came_first(graph: Store) -> None:
    item = PurchaseItemInput(sku="tea", quantity=Decimal(1))
    bought = PurchaseInput(id="p", source=SOURCE, at=at(0), customer=ANN, number="1", items=(item,))
    early = ReviewInput(
        id="r1", source=SOURCE, at=at(1), customer=ANN, rating=5, sku="tea", purchase="1", title="良い", text="とても\n良い"
    )
    late = ReviewInput(id="r2", source=SOURCE, at=at(2), customer=ANN, rating=1, purchase="1")
    lost = ReviewInput(id="r3", source=SOURCE, at=at(3), customer=ANN, rating=3, purchase="unknown")
    entries = await told(graph, early, bought, late, lost)
    purchase = entries[-1]
    reviews = [each for each in entries if isinstance(each, Review)]
    assert [(each.rating, each.purchase_id, each.sku) for each in reviews] == [
        (3, None, None),
        (1, purchase.id, None),
        (5, purchase.id, "tea"),
    ]
    assert (reviews[2].title, reviews[2].text) == ("良い", "とても\n良い")


async def test_survey_responses(graph: Store) -> None:
    [entry] = await told(
        graph,
        SurveyResponseInput(
            id="s",
            source=SOURCE,
            at=at(1),
            customer=ANN,
            survey="spring",
            survey_kind="NPS",
            score=0,
            comment="Late.",
            channel="email",
        ),
    )
    assert isinstance(entry, SurveyResponse)
    assert (entry.survey, entry.survey_kind, entry.score, entry.comment, entry.channel) == ("spring", "NPS", 0, "Late.", "email")


async def test_a_case_is_what_all_events_about_it_say(graph: Store) -> None:
    opened = CaseInput(id="1", source=SOURCE, at=at(1), customer=ANN, case="C-1", subject="Late", complaint=True, opened_at=at(0))
    closed = CaseInput(id="2", source=SOURCE, at=at(9), customer=ANN, case="C-1", closed_at=at(9), resolution="Sent again")
    [entry] = await told(graph, opened, closed)
    assert isinstance(entry, Case)
    assert (entry.number, entry.subject, entry.complaint, entry.deflected) == ("C-1", "Late", True, False)
    assert (entry.at, entry.opened_at, entry.first_response_at, entry.closed_at) == (at(0), at(0), None, at(9))
    assert entry.resolution == "Sent again"
