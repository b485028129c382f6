"""What customers say and do of their own accord: reviews, mails, invitations, surveys and cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.segment.events.origin import campaign_of, channel_of
from app.segment.messages import Message
from graph.errors import InvalidEvent
from graph.events.inputs import (
    AcceptInput,
    CaseInput,
    CommunicationInput,
    Event,
    IdentifierKey,
    InviteInput,
    ReviewInput,
    SurveyResponseInput,
)


def reviewed(message: Message) -> list[Event]:
    given = message.properties
    rating = given.whole("rating")
    if rating is None:
        raise InvalidEvent("properties.rating", "is missing")
    return [
        ReviewInput(
            **message.common(),
            customer=message.customer(),
            rating=rating,
            sku=given.sku(),
            purchase=given.text("order_id"),
            title=given.text("review_title", "title"),
            text=given.text("review_body", "text"),
            channel=channel_of(message),
        )
    ]


def mailed(status: str) -> Callable[[Message], list[Event]]:
    def make(message: Message) -> list[Event]:
        given = message.properties
        return [
            CommunicationInput(
                **message.common(),
                customer=message.customer(),
                message=given.required("email_id", "message_id", "email_subject"),
                channel="email",
                purpose=given.text("purpose") or "marketing",
                status=status,
                campaign=given.text("campaign_name", "campaign_id") or campaign_of(message),
                offer=given.text("offer"),
            )
        ]

    return make


def invited(message: Message) -> list[Event]:
    """Invite Sent names the friend; Referral Shared gives a code to whoever takes it."""
    given = message.properties
    mail = given.text("invitee_email", "friend_email")
    return [
        InviteInput(
            **message.common(),
            advocate=message.customer(),
            friend=None if mail is None else IdentifierKey("email", mail),
            channel=given.text("share_via") or channel_of(message),
            campaign=given.text("campaign") or campaign_of(message),
            code=given.text("code", "referral_code"),
        )
    ]


def accepted(message: Message) -> list[Event]:
    code = message.properties.required("code", "referral_code")
    return [AcceptInput(**message.common(), code=code, friend=message.customer())]


def answered(message: Message) -> list[Event]:
    given = message.properties
    return [
        SurveyResponseInput(
            **message.common(),
            customer=message.customer(),
            survey=given.required("survey", "survey_id", "survey_name"),
            survey_kind=(given.text("kind", "survey_kind") or "CUSTOM").upper(),
            score=given.whole("score"),
            comment=given.text("comment"),
            channel=channel_of(message),
        )
    ]


def case_changed(message: Message) -> list[Event]:
    """Case Opened, Case Answered and Case Closed, each at its own time."""
    given = message.properties
    name = message.fields.required("event").casefold()
    moment = {"case opened": "opened_at", "case answered": "first_response_at", "case closed": "closed_at"}[name]
    moments: dict[str, Any] = {moment: message.at}
    return [
        CaseInput(
            **message.common(),
            customer=message.customer(),
            case=given.required("case_id", "case"),
            subject=given.text("subject"),
            complaint=given.flag("complaint"),
            priority=given.text("priority"),
            channel=channel_of(message),
            resolution=given.text("resolution"),
            deflected=given.flag("deflected"),
            **moments,
        )
    ]
