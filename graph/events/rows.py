"""Events that stand for themselves, as rows of the statements that keep them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from graph import ids
from graph.events import traits
from graph.events.facts import Deltas
from graph.events.identities import Identities, Known
from graph.events.inputs import (
    ConsentInput,
    IdentifyInput,
    ReviewInput,
    SurveyResponseInput,
    TouchpointInput,
)
from graph.events.kept import Kept, iso, mentioned
from graph.identity.forms import normalised
from graph.timeline import page_key

Row = dict[str, Any]


def entry_row(kind: str, identifier: str, at: datetime, id: str) -> Row:
    """What all entries of a timeline have: where they stand on it, and on that of their kind."""
    place = page_key(at.astimezone(UTC), id)
    return {
        "identifier": identifier,
        "id": id,
        "at": iso(at),
        "timeline_key": f"{identifier}/{place}",
        "kind_key": f"{identifier}/{kind}/{place}",
    }


def _own(each: Kept, kind: str, known: Known) -> Row:
    """The entry that an event itself is."""
    at = each.event.at
    row = entry_row(kind.upper(), known.id, at, ids.derive(kind, at, each.key))
    row["key"] = each.key
    row["body_hash"] = each.body_hash
    return row


def touchpoint(each: Kept, identities: Identities, deltas: Deltas) -> Row:
    event = each.event
    assert isinstance(event, TouchpointInput)
    known = identities.named(event.customer)
    deltas.count(known.id, "touchpoints", event.at)
    deltas.use(known.id, event.channel, event.at, touchpoints=1)
    row = _own(each, "touchpoint", known)
    row["channel"] = event.channel
    row["type"] = event.type
    row["campaign"] = event.campaign
    row["session"] = event.session
    row["duration_seconds"] = event.duration_seconds
    row["url"] = event.url
    row["sku"] = event.sku
    row["properties"] = msgspec.json.encode(event.properties).decode() if event.properties else None
    return row


def review(each: Kept, identities: Identities, deltas: Deltas) -> Row:
    event = each.event
    assert isinstance(event, ReviewInput)
    known = identities.named(event.customer)
    deltas.count(known.id, "reviews", event.at)
    if event.sku is not None:
        deltas.rate(event.sku, event.rating)
    return _own(each, "review", known) | {
        "channel": event.channel,
        "rating": event.rating,
        "title": event.title,
        "text": event.text,
        "sku": event.sku,
        "purchase_key": mentioned(event),
    }


def survey_response(each: Kept, identities: Identities, deltas: Deltas) -> Row:
    event = each.event
    assert isinstance(event, SurveyResponseInput)
    known = identities.named(event.customer)
    deltas.count(known.id, "survey_responses", event.at)
    return _own(each, "survey_response", known) | {
        "channel": event.channel,
        "survey": event.survey,
        "survey_kind": event.survey_kind,
        "score": event.score,
        "comment": event.comment,
    }


def consent(each: Kept, identities: Identities, deltas: Deltas) -> Row:
    event = each.event
    assert isinstance(event, ConsentInput)
    known = identities.named(event.customer)
    deltas.count(known.id, None, event.at)
    return {
        "identifier": known.id,
        "id": ids.derive("consent", event.at, each.key),
        "key": each.key,
        "body_hash": each.body_hash,
        "at": iso(event.at),
        "source": event.source,
        "purpose": event.purpose,
        "channel": event.channel,
        "consent_status": event.status,
        "expires_at": iso(event.expires_at),
    }


def observation(each: Kept, identities: Identities, deltas: Deltas) -> Row:
    event = each.event
    assert isinstance(event, IdentifyInput)
    strongest = identities.strongest(event.identifiers)
    for identifier in event.identifiers:
        deltas.count(identities.by_key[normalised(identifier.type, identifier.value)].id, None, event.at)
    if event.account is not None:
        account = identities.by_key[normalised(event.account.type, event.account.value)]
        deltas.count(account.id, None, event.at, seen=False)
    return {
        "identifier": strongest.id,
        "key": each.key,
        "body_hash": each.body_hash,
        "at": iso(event.at),
        "source": event.source,
        "traits": msgspec.json.encode(stated(event)).decode(),
    }


def stated(event: IdentifyInput) -> dict[str, Any]:
    """The traits of an event; the account it names is one of them."""
    values = dict(event.traits or {})
    if event.account is not None:
        values["account"] = {"type": event.account.type, "value": event.account.value}
    return values


def observed(each: Kept) -> traits.State:
    """What an identify event says of traits."""
    event = each.event
    assert isinstance(event, IdentifyInput)
    return traits.observed(stated(event), at=iso(event.at), source=event.source, event=each.key)


#: The statement that keeps each kind of event, and what makes its row.
SINGLE: dict[type[Any], tuple[str, Callable[[Kept, Identities, Deltas], Row]]] = {
    IdentifyInput: ("identity/record_observations", observation),
    TouchpointInput: ("timeline/record_touchpoints", touchpoint),
    ReviewInput: ("feedback/record_reviews", review),
    SurveyResponseInput: ("feedback/record_survey_responses", survey_response),
    ConsentInput: ("consents/record_consents", consent),
}
