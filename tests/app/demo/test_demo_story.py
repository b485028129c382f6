"""The stream of demo events: always the same, legal, in order, believable, and no larger in memory for a larger world."""

import hashlib
import re
import subprocess
import sys
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from app.demo import BadSize, generate
from app.demo.clock import DAYS, joined
from app.demo.names import ENGLISH_FAMILY, JAPANESE_FAMILY, JAPANESE_FEMALE, JAPANESE_MALE
from app.demo.places import CAPACITY, phone
from app.demo.story import World
from app.demo.wire import to_json
from graph.events.check import check
from graph.events.inputs import (
    EVENT_TYPES,
    AcceptInput,
    CaseInput,
    Event,
    IdentifyInput,
    InviteInput,
    PurchaseInput,
    PurchaseStatusInput,
    RefundInput,
    ReviewInput,
    TouchpointInput,
)

ROOT = Path(__file__).parents[3]
PRESENT = datetime(2026, 10, 1, tzinfo=UTC)
# Pinned: when this changes on purpose, `EDITION` rises too.
FIRST_EVENTS = "b8beee9f3666d76b875808b476e13dbf3c16f57c0454c687293e7f66f06c2427"


@pytest.fixture(scope="module")
def events() -> list[Event]:
    return list(generate(customers=3_000, seed=3))


def digest(customers: int, seed: int) -> str:
    found = hashlib.sha256()
    for event in generate(customers=customers, seed=seed):
        found.update(to_json(event))
    return found.hexdigest()


def test_the_same_size_and_seed_are_the_same_events() -> None:
    assert digest(1_000, 1) == FIRST_EVENTS
    assert digest(1_000, 2) != FIRST_EVENTS


def test_neither_hash_order_nor_time_zone_nor_locale_matters() -> None:
    code = (
        "import hashlib; from app.demo import generate; from app.demo.wire import to_json; h = hashlib.sha256();"
        "[h.update(to_json(e)) for e in generate(customers=1000, seed=1)]; print(h.hexdigest())"
    )
    for environment in ({"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo"}, {"PYTHONHASHSEED": "2", "TZ": "UTC", "LC_ALL": "C"}):
        run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        assert run.stdout.strip() == FIRST_EVENTS


def test_any_customer_can_be_written_on_its_own() -> None:
    whole = World.of(customers=500, seed=9)
    everyone = [whole.customer(index) for index in range(500)]
    for index in (499, 0, 250):
        alone = World.of(customers=500, seed=9).customer(index)
        assert alone == everyone[index]


@pytest.mark.parametrize("customers", [1, 2, 15, 16, 17, 31, 100, 101])
def test_small_worlds_are_whole(customers: int) -> None:
    events = list(generate(customers=customers, seed=5))
    assert len({(event.source, event.id) for event in events}) == len(events)
    assert any(event.at.year >= 2023 for event in events)


def test_every_event_is_one_that_the_write_door_keeps(events: list[Event]) -> None:
    for event in events:
        check(event, now=PRESENT)


def test_no_two_events_have_one_identity(events: list[Event]) -> None:
    assert len({(event.source, event.id) for event in events}) == len(events)


def test_every_kind_of_event_channel_and_survey_occurs(events: list[Event]) -> None:
    # Carts of the story are told as they stand, not step by step, and nobody looks after referrals or customers.
    steps = {"cart_change", "cart_end", "purchase_change", "bare_refund"}
    assert {event.kind for event in events} == EVENT_TYPES.keys() - steps - {
        "referral_code",
        "referral_review",
        "merge",
        "undo_merge",
    }
    channels = {event.channel for event in events if isinstance(event, TouchpointInput)}
    assert channels == {
        "web", "app", "email", "sms", "push", "store", "call_center", "social", "chat", "ad", "marketplace", "event", "referral",
    }  # fmt: skip
    kinds = {getattr(event, "survey_kind", None) for event in events}
    assert {"NPS", "CSAT", "CES"} <= kinds


def test_each_customer_s_events_are_in_the_order_of_time(events: list[Event]) -> None:
    world = World.of(customers=300, seed=4)
    for index in range(300):
        times = [event.at for event in world.customer(index)]
        assert times == sorted(times)


def test_consequences_come_after_their_causes(events: list[Event]) -> None:
    bought = {event.number: event.at for event in events if isinstance(event, PurchaseInput)}
    invited = {event.code: event.at for event in events if isinstance(event, InviteInput)}
    for event in events:
        if isinstance(event, (PurchaseStatusInput, RefundInput)):
            assert event.at > bought[event.purchase]
        elif isinstance(event, ReviewInput):
            assert event.purchase is not None
            assert event.at > bought[event.purchase]
        elif isinstance(event, AcceptInput):
            assert event.at >= invited[event.code]
        elif isinstance(event, CaseInput) and event.closed_at:
            assert event.first_response_at is not None
            assert event.first_response_at <= event.closed_at == event.at


def test_things_are_named_within_the_source_that_made_them(events: list[Event]) -> None:
    purchases = {(event.source, event.number) for event in events if isinstance(event, PurchaseInput)}
    named = [(event.source, event.purchase) for event in events if isinstance(event, (PurchaseStatusInput, RefundInput))]
    named += [(event.source, event.purchase) for event in events if isinstance(event, ReviewInput) and event.purchase]
    assert named
    assert set(named) <= purchases


def test_a_customer_keeps_to_one_currency(events: list[Event]) -> None:
    currencies = defaultdict(set)
    for event in events:
        if isinstance(event, PurchaseInput) and event.total:
            currencies[event.id[:8]].add(event.total.currency)
    assert {len(each) for each in currencies.values()} == {1}
    assert {next(iter(each)) for each in currencies.values()} == {"JPY", "USD", "GBP"}


def test_activity_has_a_heavy_tail(events: list[Event]) -> None:
    counts = Counter(event.id[:8] for event in events if isinstance(event, TouchpointInput))
    ranked = sorted(counts.values(), reverse=True)
    assert 6 < sum(ranked) / 3_000 < 10
    assert ranked[len(ranked) // 2] <= 6
    assert 150 < ranked[0] < 1_500
    assert sum(ranked[:300]) > 0.35 * sum(ranked)


def test_products_sell_unevenly(events: list[Event]) -> None:
    sold = Counter(item.sku for event in events if isinstance(event, PurchaseInput) for item in event.items)
    ranked = sorted(sold.values(), reverse=True)
    assert len(ranked) > 400
    assert sum(ranked[:100]) > 0.4 * sum(ranked)


def test_the_content_refer_more() -> None:
    network = World.of(customers=10_000, seed=1).network
    brought_in = Counter(network.advocate(index) for index in range(10_000))
    happy = [index for index in range(10_000) if network.content(index) > 0.8]
    unhappy = [index for index in range(10_000) if network.content(index) < 0.4]
    assert sum(brought_in[i] for i in happy) / len(happy) > 1.3 * sum(brought_in[i] for i in unhappy) / len(unhappy)


def test_customers_join_in_their_order_within_the_calendar() -> None:
    seconds = [joined(index, 5_000) for index in range(5_000)]
    assert all(one <= other for one, other in pairwise(seconds))
    assert datetime.fromtimestamp(seconds[0], UTC).date().isoformat() == "2023-01-01"
    assert datetime.fromtimestamp(seconds[-1], UTC).date().isoformat() == "2026-09-29"
    assert DAYS == 1_369


def _traits(events: list[Event]) -> Iterator[dict[str, str]]:
    return (event.traits for event in events if isinstance(event, IdentifyInput) and event.traits and event.source == "crm")


def test_mail_addresses_and_phone_numbers_can_t_be_anybody_s(events: list[Event]) -> None:
    american = re.compile(r"\+1[2-9]\d{2}55501\d{2}")
    british = re.compile(r"\+44(7700900|2079460|1[1-6]\d4960|1632960)\d{3}")
    japanese = re.compile(r"\+81[789]00\d{7}")
    people = [traits for traits in _traits(events) if "email" in traits]
    assert len(people) > 2_000
    for traits in people:
        assert re.fullmatch(r"[a-z]+\.[a-z]+\d+@example\.(com|net|org)", traits["email"])
        number = traits.get("phone")
        assert number is None or american.fullmatch(number) or british.fullmatch(number) or japanese.fullmatch(number)
    for event in events:
        for key in getattr(event, "identifiers", ()):
            assert key.type != "email" or re.search(r"@example\.(com|net|org)$", key.value)


def test_no_two_customers_have_one_phone_number_even_in_a_large_world() -> None:
    for country, capacity in CAPACITY.items():
        assert len({phone(country, slot) for slot in range(min(capacity, 50_000))}) == min(capacity, 50_000)
    world = World.of(customers=1_000_000, seed=1)
    numbers = [world.person(index).phone for index in range(400_000, 412_000)]
    stated = [number for number in numbers if number]
    assert len(set(stated)) == len(stated) > 2_000


def test_names_are_japanese_and_english_and_their_readings_agree(events: list[Event]) -> None:
    people = [traits for traits in _traits(events) if "email" in traits]
    japanese = [traits for traits in people if traits["locale"] == "ja-JP"]
    assert 0.3 < len(japanese) / len(people) < 0.6
    for traits in japanese:
        assert re.fullmatch(r"[ァ-ヶー]+ [ァ-ヶー]+", traits["nameKana"])
        assert traits["name"] == f"{traits['familyName']} {traits['givenName']}"
    for name in (*JAPANESE_FAMILY, *JAPANESE_FEMALE, *JAPANESE_MALE):
        assert re.fullmatch(r"[一-龥々子の]+", name.text)
        assert name.roman == _romaji(name.kana), name
    assert all(name.roman.isascii() and name.roman.isalpha() for name in ENGLISH_FAMILY)


def _romaji(kana: str) -> str:
    """Katakana in Hepburn romanization without long-vowel marks, for the syllables that occur in the names."""
    rows = "アイウエオ aiueo|カキクケコ k|ガギグゲゴ g|サシスセソ s|ザジズゼゾ z|タチツテト t|ダヂヅデド d|ナニヌネノ n"
    rows += "|ハヒフヘホ h|バビブベボ b|マミムメモ m|ラリルレロ r"
    table = {"ン": "n", "ヤ": "ya", "ユ": "yu", "ヨ": "yo", "ワ": "wa"}
    for row in rows.split("|"):
        letters, consonant = row.split()
        for letter, vowel in zip(letters, "aiueo", strict=True):
            table[letter] = vowel if consonant == "aiueo" else consonant + vowel
    table |= {"シ": "shi", "ジ": "ji", "チ": "chi", "ツ": "tsu", "フ": "fu"}
    text = ""
    for letter in kana:
        small = {"ャ": "a", "ュ": "u", "ョ": "o"}.get(letter)
        if small:
            stem = text[:-1]
            text = stem + (small if stem.endswith(("sh", "ch", "j")) else f"y{small}")
        else:
            text += table[letter]
    return re.sub(r"o[uo](?=$|[^aiueo]|i|a)", "o", text).replace("uu", "u")


def test_reviews_are_in_the_language_of_the_customer(events: list[Event]) -> None:
    texts = [event.text for event in events if isinstance(event, ReviewInput) and event.text]
    japanese = [text for text in texts if re.search(r"[ぁ-ん]", text)]
    assert 0.25 < len(japanese) / len(texts) < 0.7
    assert any(re.fullmatch(r"[\x20-\x7e\n]+", text) for text in texts)


@pytest.mark.parametrize(("customers", "seed"), [(0, 1), (-1, 1), (10_000_001, 1), (10, -1), (10, 2**63)])
def test_sizes_and_seeds_that_can_t_be_used_are_refused_before_anything_is_made(customers: int, seed: int) -> None:
    with pytest.raises(BadSize, match="must be from"):
        generate(customers=customers, seed=seed)


def test_a_larger_world_takes_no_more_memory_to_generate() -> None:
    def memory(customers: int) -> tuple[int, int]:
        """Bytes held when the last event has come, and at most: besides the eight bytes a customer of the books."""
        stream = generate(customers=customers, seed=6)
        next(stream)
        tracemalloc.start()
        for event in stream:
            last = event
        traced = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert last.id.startswith(f"{customers - 1:08d}")
        return traced

    (held, most), (held_before, _) = memory(2_000), memory(200)
    # The smallest object for each customer would be three times as much, and no customer's own story takes a megabyte.
    assert held - held_before < 30_000
    assert most < 1_000_000
