"""Running one operation: find its document, execute it, and tell errors apart.

Request errors (no field was executed) and field errors (beside data) both leave here as plain dicts with a code; what is
nobody's business but ours is masked behind a trace id.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import msgspec
from graphql import ExecutionResult as GraphQLResult
from graphql import OperationType
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from graph.errors import StoreUnavailable
from resolvers.access import Actor, Principal
from resolvers.beside import Busy
from resolvers.context import Context, load_own
from resolvers.documents import DIGEST, LONGEST_NAME, RETRY_SECONDS, Document, Operation, formatted
from resolvers.errors import ResolverError, plain
from resolvers.faults import field_error, unavailable
from resolvers.guard import Limits, values_in
from resolvers.observer import observed
from resolvers.plans import Failed
from resolvers.schema import schema
from resolvers.scopes import SCHEMA
from resolvers.sources import COSTLY_WAITING, Sources

# Rows × tokens of the document: what one request may make this process do.
WORK = 2_000_000
# Rows × characters of the document, whose names stand in each: what is written at one go, about 20 MB.
WRITTEN = 15_000_000
# Objects; making so many takes up to ten milliseconds.
COSTLY = 500
LONGEST_PATH = 200  # characters of it that a message shows: aliases are as long as one likes
NO_INTROSPECTION = f"The schema is told to those with {SCHEMA}, which your key or token doesn't have."
STREAMS = "Subscribe over a WebSocket (graphql-transport-ws), or accept text/event-stream (graphql-sse)."


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """`data` and `errors` of a response, for orjson to write: `data` may be written already.

    `executed`: whether any field was; without that, the request itself was wrong. `cost`: how many objects the answer could
    hold, where that was worked out.
    """

    data: Any = None
    errors: list[dict[str, Any]]
    executed: bool
    read_only: bool = True
    cost: int | None = None


async def answer(
    text: str,
    sources: Sources,
    principal: Principal,
    *,
    purpose: str | None = None,
    variables: dict[str, Any] | None = None,
    operation_name: str | None = None,
    reads_only: bool = False,
    size: int = 0,
) -> Answer:
    """Run the operation of `text` that `operation_name` names. `reads_only` refuses mutations; subscriptions need `answers`.

    `size`: bytes of the request, of which most operations may have few.
    """
    document = sources.documents.kept(text) or await sources.documents.find(text)
    operation = _chosen(document, operation_name, variables, reads_only=reads_only, size=size, limits=sources.documents.limits)
    if isinstance(operation, Answer):
        return await _refused_for_one(operation, sources, principal)
    if operation.type is OperationType.SUBSCRIPTION:
        return _refused(plain(STREAMS, "SUBSCRIPTION_WITHOUT_STREAM"))
    return await _run(text, document, operation, sources, principal, variables, purpose)


async def _run(
    text: str,
    document: Document,
    operation: Operation,
    sources: Sources,
    principal: Principal,
    variables: dict[str, Any] | None,
    purpose: str | None,
) -> Answer:
    """The answer of a query or a mutation."""
    cost = _cost(operation, sources, variables or {})
    if isinstance(cost, Answer):
        return cost
    taken = await _taken(sources, principal, 1 + (cost or 0) + _items(operation, variables))
    if isinstance(taken, Answer):
        return taken
    context = _context(sources, principal, operation, document, cost, purpose)
    try:
        if principal.customer is not None:
            await load_own(context)
        if operation.introspects:
            if SCHEMA not in principal.scopes:
                return _refused(plain(NO_INTROSPECTION, "FORBIDDEN"))
            observed.get().planned("none")
            found = await sources.documents.introspect(operation, variables)
            return _refused(found) if isinstance(found, dict) else _answered(found, context, cost)
        planned = await _planned(operation, context, variables or {}, cost)
        if planned is not None:
            context.record_reading()
            return planned
        if operation.records_only:
            # They may be many, which graphql-core would look at without a pause.
            misfits = await sources.documents.misfits(operation, variables or {})
            if misfits:
                return _refused(*misfits)
        result = await schema.execute(text, variable_values=variables, context_value=context, operation_name=operation.name)
        context.record_reading()
    except ResolverError as error:
        return _refused(plain(str(error), error.code))
    except StoreUnavailable:
        # Whose own token it is couldn't be found out; whatever else can't be had is an error of its field.
        return _refused(unavailable())
    finally:
        context.loads.close()
        if sources.quotas is not None:
            sources.quotas.give_back(principal.id, taken - context.used)
    return _answered(result, context, cost)


async def answers(
    text: str,
    sources: Sources,
    principal: Principal,
    *,
    purpose: str | None = None,
    variables: dict[str, Any] | None = None,
    operation_name: str | None = None,
    reads_only: bool = False,
    size: int = 0,
    seconds: float,
) -> AsyncGenerator[Answer]:
    """`answer` of a query or a mutation, within so many seconds, and of a subscription each answer when there is one, until the
    reader closes it."""
    document = await sources.documents.find(text)
    operation = _chosen(document, operation_name, variables, reads_only=reads_only, size=size, limits=sources.documents.limits)
    if isinstance(operation, Answer):
        yield await _refused_for_one(operation, sources, principal)
        return
    if operation.type is not OperationType.SUBSCRIPTION:
        try:
            async with asyncio.timeout(seconds):
                given = await _run(text, document, operation, sources, principal, variables, purpose)
        except TimeoutError:
            given = _refused(too_slow(seconds))
        yield given
        return
    cost = _cost(operation, sources, variables or {})
    if isinstance(cost, Answer):
        yield cost
        return
    context = _context(sources, principal, operation, document, cost, purpose)
    try:
        await load_own(context)
        results = await schema.subscribe(text, variable_values=variables, context_value=context, operation_name=operation.name)
        async with aclosing(results):
            async for result in results:
                # Each is paid for as if it had been asked for.
                taken = await _taken(sources, principal, context.used)
                if isinstance(taken, Answer):
                    yield taken
                    return
                context.record_reading()
                yield _answered(result, context, cost)
    except ResolverError as error:
        yield _refused(plain(str(error), error.code))
    except StoreUnavailable:
        yield _refused(unavailable())
    finally:
        context.loads.close()


async def _taken(sources: Sources, principal: Principal, price: int) -> int | Answer:
    """How many objects of its quota a principal has given for something of that price, at most all there can be; or the refusal
    of one who has asked for too much lately."""
    quotas = sources.quotas
    if quotas is None:
        return price
    price = min(price, quotas.burst)
    if quotas.at_hand(principal.id, price):
        return price
    seconds = await quotas.take(principal.id, price)
    if not seconds:
        return price
    message = f"You may ask for {quotas.rate:,} objects a second, and have asked for more; send this again in {seconds:,} s."
    return _refused(plain(message, "RATE_LIMITED", limit=quotas.rate, actual=price, retryAfter=seconds))


async def _refused_for_one(refusal: Answer, sources: Sources, principal: Principal) -> Answer:
    """A refusal, which costs an object as well: it takes as long to find out."""
    taken = await _taken(sources, principal, 1)
    return taken if isinstance(taken, Answer) else refusal


def _items(operation: Operation, variables: dict[str, Any] | None) -> int:
    """What is sent to be written, by the lists that come as variables: a document has room for few."""
    if operation.type is not OperationType.MUTATION or not variables:
        return 0
    return sum(len(value) for value in variables.values() if type(value) is list)


def _cost(operation: Operation, sources: Sources, variables: dict[str, Any]) -> int | Answer | None:
    """What an operation costs, or the refusal of one that costs too much."""
    limits = sources.documents.limits
    if limits.cost_mode == "off":
        return None
    cost = operation.price.of(variables)
    observed.get().priced(cost)
    if cost <= limits.cost or limits.cost_mode == "measure":
        return cost
    dearest = operation.price.dearest(variables)
    could = f"The answer could hold {cost:,} objects, most of them at {dearest[:LONGEST_PATH]}"
    message = f"{could}, and may hold {limits.cost:,}; ask for shorter pages."
    return Answer(errors=[plain(message, "COST_TOO_HIGH", limit=limits.cost, actual=cost)], executed=False, cost=cost)


async def _planned(operation: Operation, context: Context, variables: dict[str, Any], cost: int | None) -> Answer | None:
    """The answer by the operation's plan; None where graphql-core is to be asked."""
    seen = observed.get()
    plan = operation.plan(context.sources.documents) if context.sources.plans else None
    if plan is None:
        seen.planned("none")
        return None
    try:
        data = await plan.run(context, variables)
        seen.planned("answered")
        return Answer(data=data, errors=[], executed=True, cost=cost)
    except Busy as busy:
        return _refused(_overloaded(busy.waiting))
    except Failed as failed:
        seen.planned("answered")
        return Answer(data=None, errors=[field_error(failed.error)], executed=True, cost=cost)
    except Exception:
        seen.planned("left")
        # What is wrong graphql-core tells in its own words, from the beginning: errors come in the order of what was waited for.
        context.start_over()
        return None


def _overloaded(waiting: int) -> dict[str, Any]:
    message = f"{waiting:,} requests for many objects wait, and {COSTLY_WAITING:,} may; ask for fewer, or again in a second."
    return plain(message, "OVERLOADED", limit=COSTLY_WAITING, actual=waiting, retryAfter=RETRY_SECONDS)


def _chosen(
    document: Document, name: str | None, variables: dict[str, Any] | None, *, reads_only: bool, size: int, limits: Limits
) -> Operation | Answer:
    """The operation of a document that is asked for, or why there is none."""
    if document.errors:
        return _refused(*document.errors)
    operation = document.operation(name)
    if operation is None:
        return _refused(_unknown_operation(document, name))
    observed.get().running(document.hash, operation)
    if reads_only and operation.type is OperationType.MUTATION:
        return Answer(errors=[plain("Send mutations by POST.", "METHOD_NOT_ALLOWED")], executed=False, read_only=False)
    if operation.records_only:
        return operation
    if size > limits.body:
        return _refused(too_large(size, limits.body))
    # Each value takes two bytes.
    if size > 2 * limits.values and (number := values_in(variables, limits.values)) > limits.values:
        return _refused(_too_many_values(number, limits.values))
    return operation


def _too_many_values(number: int, most: int) -> dict[str, Any]:
    message = f"The variables have {number:,} values or more, and may have {most:,}; only recordEvents may have more."
    return plain(message, "TOO_MANY_VALUES", limit=most, actual=number)


def too_large(size: int, most: int) -> dict[str, Any]:
    """The error of a request of too many bytes."""
    message = f"The request has {size:,} bytes, and may have {most:,}; only recordEvents may be larger."
    return plain(message, "BODY_TOO_LARGE", limit=most, actual=size)


def _context(
    sources: Sources, principal: Principal, operation: Operation, document: Document, cost: int | None, purpose: str | None
) -> Context:
    rows = min(WORK // max(document.tokens, 1), WRITTEN // len(operation.text))
    name = operation.name and operation.name[:LONGEST_NAME]
    actor = Actor(principal.id, name, document.hash[:DIGEST], purpose)
    return Context.of(sources, principal, actor, rows=rows, costly=cost is not None and cost > COSTLY)


def _answered(result: ExecutionResult | GraphQLResult | PreExecutionError, context: Context, cost: int | None) -> Answer:
    exceeded, errors = context.budget.exceeded, result.errors or []
    if exceeded is not None:
        # Thousands of fields may have failed for this one reason.
        return Answer(errors=[plain(str(exceeded), exceeded.code)], executed=True, cost=cost)
    if result.data is None and all(error.path is None for error in errors):
        return _refused(*(formatted(error, "BAD_USER_INPUT") for error in errors))
    return Answer(data=result.data, errors=[field_error(error) for error in errors], executed=True, cost=cost)


def _refused(*errors: dict[str, Any]) -> Answer:
    return Answer(errors=list(errors), executed=False)


def too_slow(seconds: float) -> dict[str, Any]:
    """The error of a request that was given up after so many seconds."""
    return plain(f"The request took more than {seconds:g} seconds: ask for less, or send it again.", "UNAVAILABLE")


def _unknown_operation(document: Document, name: str | None) -> dict[str, Any]:
    named = [each.name for each in document.operations if each.name is not None]
    if name is None:
        return plain("The document holds no operation, or several: send operationName.", "UNKNOWN_OPERATION")
    hint = f"; it has {', '.join(named[:10])}" if named else ""
    return plain(f"The document has no operation of that name{hint}.", "UNKNOWN_OPERATION")
