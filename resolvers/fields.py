"""Fields with a resolver of their own, typed: Strawberry's decorator takes a method's types away from the type checker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import strawberry

Method = TypeVar("Method", bound=Callable[..., Any])


def resolved(description: str) -> Callable[[Method], Method]:
    """Makes a method a field of its type."""

    def mark(method: Method) -> Method:
        marked: Any = strawberry.field(method, description=description)
        return marked  # type: ignore[no-any-return]

    return mark


def streamed(description: str) -> Callable[[Method], Method]:
    """Makes an asynchronous generator a field of the root type of subscriptions."""

    def mark(method: Method) -> Method:
        marked: Any = strawberry.subscription(method, description=description)
        return marked  # type: ignore[no-any-return]

    return mark
