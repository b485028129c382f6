"""Consents, and the messages that are sent under them."""

from __future__ import annotations

from app.demo.clock import DAY, NOW, moment
from app.demo.tale import Tale
from graph.events.inputs import CommunicationInput, ConsentInput

# A campaign, the channel it goes out on, and the purpose it needs consent for.
_SENDINGS = (
    ("newsletter", "email", "marketing"),
    ("newsletter", "email", "marketing"),
    ("season-sale", "email", "marketing"),
    ("cart-reminder", "email", "marketing"),
    ("sms-flash", "sms", "marketing"),
    ("app-drop", "push", "marketing"),
    ("care-tips", "email", "service"),
)
_FATES = ("DELIVERED", "DELIVERED", "DELIVERED", "OPENED", "OPENED", "CLICKED", "CONVERTED", "BOUNCED")


def write_messages(tale: Tale, signed_up: int) -> None:
    """What a customer who signed up at `signed_up` allowed, and what was sent to it since."""
    u = tale.draw()
    if u < 0.44:
        _consent(tale, signed_up + 5, channel="email", status="GRANTED" if u < 0.36 else "DENIED")
    if u < 0.03:
        _consent(tale, signed_up + 6, channel="sms", status="GRANTED", valid_days=730)
    if 0.36 <= u < 0.44:
        _message(tale, signed_up + DAY, status="SUPPRESSED")
    if u >= 0.36:
        return
    for _ in range(int(tale.draw() * tale.draw() * 8)):
        sent = signed_up + int(tale.draw() * (NOW - signed_up - 3 * DAY))
        if sent > signed_up:
            _message(tale, sent, status=_FATES[int(tale.draw() * len(_FATES))])
    if u < 0.02 and (withdrawn := tale.later(signed_up, days=600)):
        _consent(tale, withdrawn, channel="email", status="WITHDRAWN")
    elif u > 0.34:
        _plan(tale, max(signed_up + 60, NOW - 3 * DAY))


def _consent(tale: Tale, second: int, *, channel: str, status: str, valid_days: int = 0) -> None:
    tale.out.append(
        ConsentInput(
            id=tale.next_id(), source="crm", at=moment(second), customer=tale.person.site, purpose="marketing", status=status,
            channel=channel, expires_at=moment(second + valid_days * DAY) if valid_days else None,
        )
    )  # fmt: skip


def _message(tale: Tale, second: int, *, status: str) -> None:
    """One message; one in three is told of twice, when it goes out and when its fate is known."""
    campaign, channel, purpose = _SENDINGS[int(tale.draw() * len(_SENDINGS))]
    message = f"M{tale.tag}-{len(tale.out)}"
    told = ((second, "SENT"), (second + 5_400, status)) if status != "SUPPRESSED" and tale.draw() < 0.33 else ((second, status),)
    for at, stage in told:
        if at < NOW:
            tale.out.append(
                CommunicationInput(
                    id=tale.next_id(), source="mailer", at=moment(at), customer=tale.person.mail, message=message,
                    channel=channel, purpose=purpose, status=stage, campaign=campaign,
                )
            )  # fmt: skip


def _plan(tale: Tale, second: int) -> None:
    """A message still to come, in the two weeks after the story's present."""
    tale.out.append(
        CommunicationInput(
            id=tale.next_id(), source="mailer", at=moment(second), customer=tale.person.mail, message=f"M{tale.tag}-plan",
            channel="email", purpose="marketing", status="PLANNED", campaign="autumn-letter",
            planned_at=moment(NOW + DAY + int(tale.draw() * 13) * DAY),
        )
    )  # fmt: skip
