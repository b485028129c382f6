"""Reviews, survey responses and cases."""

from __future__ import annotations

from decimal import Decimal

from graph.events.inputs import CaseInput, PurchaseInput, PurchaseItemInput, ReviewInput, SurveyResponseInput
from tests.api.conftest import Api, Tell, at, by_email

WHO = by_email("mika@example.com")


async def test_reviews_with_what_they_are_of(api: Api, told: Tell) -> None:
    item = PurchaseItemInput(sku="LAMP", quantity=Decimal(1))
    await told(
        PurchaseInput(id="p", source="shop", at=at(0), customer=WHO, number="N1", items=(item,)),
        ReviewInput(
            id="1", source="shop", at=at(5), customer=WHO, rating=4, sku="LAMP", purchase="N1", title="明るい", text="とても良い"
        ),
        ReviewInput(id="2", source="shop", at=at(6), customer=WHO, rating=1),
    )
    data = await api.data("""{ customer(by: {email: "mika@example.com"}) { reviews { totalCount nodes {
        rating title text product { sku averageRating reviewCount } purchase { number customer { email } } } } } }""")
    found = data["customer"]["reviews"]
    assert found["totalCount"] == 2
    bare, full = found["nodes"]
    assert bare["product"] is None and bare["purchase"] is None and bare["rating"] == 1
    assert full["title"] == "明るい" and full["product"] == {"sku": "LAMP", "averageRating": 4.0, "reviewCount": 1}
    assert full["purchase"]["number"] == "N1"


async def test_survey_responses_by_kind(api: Api, told: Tell) -> None:
    await told(
        *(
            SurveyResponseInput(
                id=kind, source="form", at=at(n), customer=WHO, survey="春", survey_kind=kind, score=n + 1, comment="…"
            )
            for n, kind in enumerate(("NPS", "CSAT", "CES", "CUSTOM"))
        )
    )
    query = """query Q($k: [SurveyKind!]) { customer(by: {email: "mika@example.com"}) {
        surveyResponses(kinds: $k) { totalCount nodes { survey surveyKind score comment } } } }"""
    found = (await api.data(query, k=["NPS", "CES"]))["customer"]["surveyResponses"]
    assert [node["surveyKind"] for node in found["nodes"]] == ["CES", "NPS"] and found["totalCount"] == 2
    assert found["nodes"][1] == {"survey": "春", "surveyKind": "NPS", "score": 1, "comment": "…"}
    assert (await api.data(query))["customer"]["surveyResponses"]["totalCount"] == 4


async def test_cases_open_and_closed(api: Api, told: Tell) -> None:
    await told(
        CaseInput(id="1", source="desk", at=at(0), customer=WHO, case="C1", subject="Broken", complaint=True, priority="high"),
        CaseInput(id="2", source="desk", at=at(1), customer=WHO, case="C2", deflected=True),
        CaseInput(
            id="3", source="desk", at=at(9), customer=WHO, case="C2", closed_at=at(8), first_response_at=at(2), resolution="FAQ"
        ),
    )
    query = """query Q($open: Boolean) { customer(by: {email: "mika@example.com"}) { cases(open: $open) { totalCount nodes {
        number subject complaint priority openedAt firstResponseAt closedAt resolution deflected } } } }"""
    opened = (await api.data(query, open=True))["customer"]["cases"]
    assert opened["totalCount"] == 1
    assert opened["nodes"] == [
        {
            "number": "C1",
            "subject": "Broken",
            "complaint": True,
            "priority": "high",
            "openedAt": "2024-01-01T00:00:00Z",
            "firstResponseAt": None,
            "closedAt": None,
            "resolution": None,
            "deflected": False,
        }
    ]
    closed = (await api.data(query, open=False))["customer"]["cases"]
    assert [node["number"] for node in closed["nodes"]] == ["C2"]
    assert closed["nodes"][0]["deflected"] is True and closed["nodes"][0]["resolution"] == "FAQ"
    assert [node["number"] for node in (await api.data(query))["customer"]["cases"]["nodes"]] == ["C2", "C1"]
