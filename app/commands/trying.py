"""What `c360 demo` asks the service first, and what it proposes to ask next."""

import asyncio
import json
import urllib.request
from pathlib import Path
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


async def first_customer(settings: Settings, key: str) -> dict[str, Any]:
    """The customer with the most revenue, as the service answers it. Raises NotReachable."""
    answer = await asyncio.to_thread(_ask, address(settings), FIRST, key)
    nodes: list[dict[str, Any]] = answer["data"]["customers"]["nodes"]
    return nodes[0] if nodes else {"id": "unknown"}


def _ask(url: str, query: str, key: str) -> dict[str, Any]:
    headers = {"content-type": "application/json", "accept": "application/json", "authorization": f"Bearer {key}"}
    request = urllib.request.Request(  # noqa: S310 -- our own address, always http
        url, json.dumps({"query": query}).encode(), headers
    )
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=TIMEOUT_SECONDS) as reply:
            answer: dict[str, Any] = json.load(reply)
    except OSError as error:
        raise NotReachable("the service", f"{url} did not answer the first query ({error})") from error
    if not answer.get("data"):
        raise NotReachable("the service", f"{url} answered {json.dumps(answer)[:300]}")
    return answer


def what_to_try(settings: Settings, customer: dict[str, Any], key: str, file: Path) -> str:
    """The key, three queries as commands to paste, and where the explorer is."""
    url = address(settings)
    lines = [f"# Your key, which may do everything; it stands in {file}, which only you can read.", f"KEY={key}", ""]
    for question, query in QUERIES:
        body = json.dumps({"query": query % customer if "%(" in query else query}, ensure_ascii=False)
        sent = f"curl -s {url} -H \"authorization: Bearer $KEY\" -H 'content-type: application/json' -d '{body}'"
        lines += [f"# {question}", sent, ""]
    if settings.graphiql:
        lines += [f"Or open {url}#key={key} in a browser: the explorer completes and documents every field."]
    return "\n".join([*lines, "Ctrl-C stops everything; the data stays."])
