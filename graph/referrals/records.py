"""Who brought whom in."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Invitee(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The identifier an invitation was sent to; what else is known of it belongs to its own customer."""

    type: str
    value: str
    customer_id: str


class Referral(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag="REFERRAL"):
    """`at` and `invited_at` are the time of the invitation; `advocate_id` and `friend_id` are ids that resolve for ever.

    `expires_at`: until when it can be accepted, None for ever; `flags`: see graph.referrals.suspicion.
    """

    id: str
    at: datetime
    invited_at: datetime
    referral_status: str
    advocate_id: str
    friend_id: str | None = None
    invitee: Invitee | None = None
    code: str | None = None
    channel: str | None = None
    campaign: str | None = None
    expires_at: datetime | None = None
    accepted_at: datetime | None = None
    qualified_at: datetime | None = None
    ended_at: datetime | None = None
    ended_reason: str | None = None
    flags: str | None = None

    def ran_out(self, now: datetime) -> bool:
        """Whether nobody accepted while it could be."""
        return self.referral_status == "INVITED" and self.expires_at is not None and self.expires_at <= now


class ReferralCode(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A standing code of an advocate: friends accept with it until `expires_at`, None for ever. `place`: where it stands in the
    list of its advocate's codes."""

    id: str
    code: str
    place: str
    created_at: datetime
    expires_at: datetime | None = None
    channel: str | None = None
    campaign: str | None = None
