"""What customers say: reviews, surveys and service cases, in Japanese or English."""

from __future__ import annotations

from app.demo.clock import moment
from app.demo.dice import pareto
from app.demo.tale import Tale
from app.demo.words import CASES, COMMENTS, REVIEW_ENDINGS, REVIEW_TITLES, REVIEWS
from graph.events.inputs import CaseInput, PurchaseItemInput, ReviewInput, SurveyResponseInput


def write_voices(tale: Tale, second: int, *, number: str, lines: tuple[PurchaseItemInput, ...]) -> None:
    """After a purchase that arrived at `second`: perhaps a review, perhaps a survey, perhaps a case."""
    u, v, w = tale.draw(), tale.draw(), tale.draw()
    if u < 0.26 and (at := tale.later(second, days=12)):
        _review(tale, at, number=number, lines=lines)
    if v < 0.2 and (at := tale.later(second, days=7)):
        _survey(tale, at, kind="NPS" if v < 0.12 else "CES")
    if w < 0.05 + 0.16 * (1.0 - tale.person.content) and (at := tale.later(second, days=6)):
        _case(tale, at)


def _language(tale: Tale) -> str:
    return tale.person.country.locale[:2]


def _mood(tale: Tale) -> float:
    """How content the customer is today: its nature, moved by up to a fifth either way."""
    return min(0.999, max(0.0, tale.person.content + (tale.draw() - 0.5) * 0.4))


def _review(tale: Tale, second: int, *, number: str, lines: tuple[PurchaseItemInput, ...]) -> None:
    rating = 1 + int(_mood(tale) * 5)
    language = _language(tale)
    texts = REVIEWS[language][rating]
    text = texts[int(tale.draw() * len(texts))]
    endings = REVIEW_ENDINGS[language]
    u = tale.draw()
    if u < 0.5:
        text += endings[int(u * 2 * len(endings))]
    item = lines[int(u * len(lines))]
    tale.out.append(
        ReviewInput(
            id=tale.next_id(), source="shop", at=moment(second), customer=tale.person.site, rating=rating, sku=item.sku,
            purchase=number, title=REVIEW_TITLES[language][rating] if u < 0.7 else None, text=text, channel="web",
        )
    )  # fmt: skip


def _survey(tale: Tale, second: int, *, kind: str) -> None:
    mood = _mood(tale)
    top = {"NPS": 11, "CSAT": 5, "CES": 7}[kind]
    score = int(mood * top) + (kind != "NPS")
    comments = COMMENTS[_language(tale)]
    u = tale.draw()
    comment = comments[int(mood * len(comments))] if u < 0.4 else None
    tale.out.append(
        SurveyResponseInput(
            id=tale.next_id(), source="surveys", at=moment(second), customer=tale.person.mail,
            survey=f"{kind.lower()}-after-sale", survey_kind=kind,
            score=score, comment=comment, channel="email" if u < 0.8 else "sms",
        )
    )  # fmt: skip


def _case(tale: Tale, second: int) -> None:
    """A case as the help desk sends it: once when it opens, once more when it closes."""
    person, draw = tale.person, tale.draw
    case = f"T{tale.tag}-{len(tale.out)}"
    complaint = draw() > person.content
    subjects = CASES[_language(tale)]["complaint" if complaint else "question"]
    subject, resolution = subjects[int(draw() * len(subjects))]
    opened = moment(second)
    u = draw()
    tale.out.append(
        CaseInput(
            id=tale.next_id(), source="helpdesk", at=opened, customer=person.site, case=case, subject=subject,
            complaint=complaint, priority="high" if complaint and u < 0.3 else "normal",
            channel="call_center" if u < 0.4 else "chat" if u < 0.7 else "email", opened_at=opened,
        )
    )  # fmt: skip
    tale.ledger.case(complaint=complaint)
    waited = pareto(draw(), least=600.0, most=172_800)
    closed = tale.later(second + waited, days=5)
    if u > 0.95 or not closed:
        return
    tale.out.append(
        CaseInput(
            id=tale.next_id(), source="helpdesk", at=moment(closed), customer=person.site, case=case,
            first_response_at=moment(second + waited), closed_at=moment(closed), resolution=resolution,
            deflected=0.4 <= u < 0.55,
        )
    )  # fmt: skip
    tale.ledger.case_closed(complaint=complaint)
    if u < 0.4:
        _survey(tale, closed, kind="CSAT")
