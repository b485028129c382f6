"""Where a message comes from: by which channel, and from which campaign."""

from __future__ import annotations

from app.segment.messages import Message


def channel_of(message: Message) -> str:
    """What the message says, or what can be seen of the library that sent it."""
    return channel_where(message, message.properties.text("channel"))


def channel_where(message: Message, stated: str | None) -> str:
    stated = stated or message.fields.text("channel")
    if stated is not None:
        return {"browser": "web", "mobile": "app"}.get(stated, stated)
    if message.call == "screen" or message.context.values.get("device"):
        return "app"
    if message.call == "page" or message.context.values.get("page") or message.context.values.get("userAgent"):
        return "web"
    return "server"


def campaign_of(message: Message) -> str | None:
    return message.context.object("campaign").text("name", "id")
