"""The real data counted from the raw files, without anything of the importer."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter, defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def rows(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def cents(amount: str) -> int:
    return int((Decimal(amount) * 100).to_integral_value())


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SAO_PAULO).astimezone(UTC)


class CompleteJourney:
    def __init__(self, folder: Path) -> None:
        self.lines = rows(folder / "transactions_sample.csv.gz")
        self.campaigns = rows(folder / "campaigns.csv.gz")
        self.starts = {row["campaign_id"]: row["start_date"] for row in rows(folder / "campaign_descriptions.csv.gz")}
        self.redemptions = rows(folder / "coupon_redemptions.csv.gz")
        self.demographics = rows(folder / "demographics.csv.gz")
        self.products = {row["product_id"]: row for row in rows(folder / "products.csv.gz")}
        self.shoppers = {row["household_id"] for row in self.lines}
        self.households = self.shoppers.union(
            *({row["household_id"] for row in part} for part in (self.campaigns, self.redemptions, self.demographics))
        )
        self.baskets: dict[str, list[dict[str, str]]] = defaultdict(list)
        for line in self.lines:
            self.baskets[line["basket_id"]].append(line)
        self.sales = sum(cents(line["sales_value"]) for line in self.lines)


class Olist:
    def __init__(self, folder: Path) -> None:
        def read(name: str) -> list[dict[str, str]]:
            return rows(folder / f"olist_{name}_dataset.csv.gz")

        self.customers = read("customers")
        self.orders = read("orders")
        self.items = read("order_items")
        self.reviews = read("order_reviews")
        self.leads = read("marketing_qualified_leads")
        self.deals = read("closed_deals")
        self.persons = {row["customer_unique_id"] for row in self.customers}
        self.item_value = sum(cents(row["price"]) for row in self.items)
        self.statuses = Counter(self.status(row["order_status"]) for row in self.orders)
        self.origins = Counter(row["origin"] or "unknown" for row in self.leads)

    @staticmethod
    def status(stated: str) -> str:
        return {
            "created": "PLACED",
            "approved": "PAID",
            "invoiced": "PAID",
            "processing": "PAID",
            "shipped": "SHIPPED",
            "delivered": "DELIVERED",
            "canceled": "CANCELLED",
            "unavailable": "CANCELLED",
        }[stated]


class Vouching:
    def __init__(self, folder: Path) -> None:
        self.members = {row["member_id"] for row in rows(folder / "members.csv.gz")}
        self.referrers = {row["member_id"]: row["referrer_id"] for row in rows(folder / "first_vouch_forest.csv.gz")}
        self.roots = self.members - self.referrers.keys()
        self.depth = max(self.depth_of(member) for member in self.members)

    def depth_of(self, member: str) -> int:
        depth = 0
        while member in self.referrers:
            member, depth = self.referrers[member], depth + 1
        return depth


class Otto:
    def __init__(self, path: Path) -> None:
        self.sessions = {str(line["session"]): line["events"] for line in map(json.loads, path.read_text().splitlines())}
        self.types = Counter(event["type"] for events in self.sessions.values() for event in events)
        self.orders = {
            (session, event["ts"]) for session, events in self.sessions.items() for event in events if event["type"] == "orders"
        }
        self.carts = {session: self.carts_of(events) for session, events in self.sessions.items()}

    @staticmethod
    def carts_of(events: list[dict[str, object]]) -> list[list[str]]:
        """The articles of each cart at its end: one cart until an order, the next from the first article after it."""
        carts: list[list[str]] = []
        fresh = True
        for event in events:
            if event["type"] == "orders":
                fresh = True
            elif event["type"] == "carts":
                if fresh:
                    carts.append([])
                    fresh = False
                carts[-1].append(str(event["aid"]))
        return carts
