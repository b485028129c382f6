"""What `c360 demo` asks the service first, and what it proposes to ask next."""

import asyncio
import json
import urllib.request
from typing import Any

from app.errors import NotReachable
from app.settings import Settings

TIMEOUT_SECONDS = 30

FIRST = "{ customers(first: 1, orderBy: REVENUE_DESC) { nodes { id name email } } }"
QUERIES = (
    (
        "Who are the best customers?",
        "{ customers(first: 3, orderBy: REVENUE_DESC) { nodes { id name email country } } }",
    ),
    (
        "Who is this, what happened lately, and what is it worth?",
        '{ customer(by: {id: "%(id)s"}) { name identifiers { nodes { type value } } '
        "value { orders revenue { amount currency } } timeline(first: 5) { nodes { at kind } } } }",
    ),
    (
        "Who brought them in, and whom did they bring?",
        '{ customer(by: {id: "%(id)s"}) { referral { referredBy { advocate { name } } '
        "referred(first: 5) { nodes { referralStatus friend { name } } } } } }",
    ),
)


def address(settings: Settings) -> str:
    """Where GraphQL is answered. A service that listens everywhere is asked on this machine."""
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104
    return f"http://[{host}]:{settings.port}/graphql" if ":" in host else f"http://{host}:{settings.port}/graphql"


async def first_customer(settings: Settings) -> dict[str, Any]:
    """The customer with the most revenue, as the service answers it. Raises NotReachable."""
    answer = await asyncio.to_thread(_ask, address(settings), FIRST)
    nodes: list[dict[str, Any]] = answer["data"]["customers"]["nodes"]
    return nodes[0] if nodes else {"id": "unknown"}


def _ask(url: str, query: str) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 -- our own address, always http
        url, json.dumps({"query": query}).encode(), {"content-type": "application/json", "accept": "application/json"}
    )
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=TIMEOUT_SECONDS) as reply:
            answer: dict[str, Any] = json.load(reply)
    except OSError as error:
        raise NotReachable("the service", f"{url} did not answer the first query ({error})") from error
    if not answer.get("data"):
        raise NotReachable("the service", f"{url} answered {json.dumps(answer)[:300]}")
    return answer


def what_to_try(settings: Settings, customer: dict[str, Any]) -> str:
    """Three queries as commands to paste, and where the explorer is."""
    url, lines = address(settings), []
    for question, query in QUERIES:
        body = json.dumps({"query": query % customer if "%(" in query else query}, ensure_ascii=False)
        lines += [f"# {question}", f"curl -s {url} -H 'content-type: application/json' -d '{body}'", ""]
    if settings.graphiql:
        lines += [f"Or open {url} in a browser: the explorer completes and documents every field."]
    return "\n".join([*lines, "Ctrl-C stops everything; the data stays."])
