"""Finding customers by name, mail and phone, in English and Japanese, whatever is typed."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.customers import ProfileKey, load_profiles, search_customers
from graph.events import record
from graph.events.inputs import IdentifierKey, IdentifyInput
from graph.search import LONGEST_WORD, MOST_WORDS, folded, searchable, text_query
from graph.store import Store

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)

PEOPLE = {
    "ann": ("Ann Marie O'Brien", "ann.obrien@example.com", "+12025550123"),
    "annika": ("Annika Müller-Straße", "annika@example.org", "+442079460991"),
    "will": ("Will Not", "will@example.com", "+12025550124"),
    "taro": ("山田 太郎", "taro.yamada@example.com", "+819012345678"),
    "hanako": ("ヤマダハナコ", "hanako@example.net", "+819087654321"),
    "sakura": ("さくら ラーメン東京", "sakura@example.net", "+815012345678"),
}


@pytest.fixture
async def people(graph: Store) -> Store:
    events = [
        IdentifyInput(
            id=key,
            source="crm",
            at=AT,
            identifiers=(IdentifierKey("user_id", f"U-{key}"), IdentifierKey("email", email), IdentifierKey("phone", phone)),
            traits={"name": name},
        )
        for key, (name, email, phone) in PEOPLE.items()
    ]
    outcome = await record(graph, events)
    assert outcome.accepted == len(PEOPLE), outcome
    return graph


async def names(store: Store, text: str) -> list[str]:
    rows = await search_customers(store, text)
    profiles = await load_profiles(store, [ProfileKey(id=row.id) for row in rows])
    mails = {email: key for key, (_, email, _) in PEOPLE.items()}
    return [mails[profile.email or ""] for profile in profiles if profile]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ann", {"ann", "annika"}),
        ("ANN ma", {"ann"}),
        ("marie ann", {"ann"}),
        ("o'brien", {"ann"}),
        ("o’br", {"ann"}),
        ("muller", {"annika"}),
        ("MÜLL", {"annika"}),
        ("strasse", {"annika"}),
        ("müller-stra", {"annika"}),
        ("will not", {"will"}),
        ("ann.obrien@example.com", {"ann"}),
        ("annika@exam", {"annika"}),
        ("example.net", {"hanako", "sakura"}),
        ("U-taro", {"taro"}),
        ("+1 (202) 555-0123", {"ann"}),
        ("+1202555012", {"ann", "will"}),
        ("090-1234-5678", {"taro"}),
        ("2025550124", {"will"}),
        ("020 7946 0991", {"annika"}),
        ("山田", {"taro"}),
        ("太郎 山田", {"taro"}),
        ("郎", {"taro"}),
        ("山田太", {"taro"}),
        ("田山", set()),
        ("やまだ", {"hanako"}),
        ("ハナコ", {"hanako"}),
        ("はな", {"hanako"}),
        ("ﾔﾏﾀﾞ", {"hanako"}),
        ("サクラ", {"sakura"}),
        ("らーめん東京", {"sakura"}),
        ("ＡＮＮＩＫＡ", {"annika"}),
        ("ann 山田", set()),
        ("nobody", set()),
        ("", set()),
        (" -+ ", set()),
        ("😀", set()),
    ],
)
async def test_finds_by_words_beginnings_and_parts_of_japanese_names(people: Store, text: str, expected: set[str]) -> None:
    assert set(await names(people, text)) == expected


async def test_order_is_stable_and_best_first(people: Store) -> None:
    first = await search_customers(people, "example.com")
    assert len(first) == 3
    assert [(-float(row.key), row.id) for row in first] == sorted((-float(row.key), row.id) for row in first)
    assert await search_customers(people, "example.com") == first
    assert await search_customers(people, "example.com", limit=2) == first[:2]
    exact, beginning = await names(people, "ann")
    assert (exact, beginning) == ("ann", "annika")


HOSTILE = [
    '"', "\\", '\\"', 'ann" OR *:*', "*:*", "a* OR b", "AND", "OR NOT", "(((((", "[a TO b]", "{* TO *}", "~2", "^5", "ann~",
    "/[a-z]*/", "+-&&||!(){}[]^\"~*?:\\/", "search_text:ann", "\x00", "a\ud800b", "\u202eann", "a" * 100_000, "a " * 10_000,
    "'", "''", "a'", "’", ".", "a.", "a..b", "_", "___", "\u0307", "İ", "ß", "ﬀ", "①", "٣", "々", "ー", "ヽ", "가나", "ไทย",
    "a\u0301", "NaN", "-0", "+0", "00000", "1" * 50_000,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_never_raises(people: Store, text: str) -> None:
    assert len(await search_customers(people, text)) <= len(PEOPLE)


async def test_syntax_is_not_understood(people: Store) -> None:
    for text in ("ann OR hanako", "*:*", "a*z", "ann~ nobody", "search_text:will", '"ann" "hanako"', "an?"):
        found = await names(people, text)
        assert len(found) <= 2, (text, found)
        assert "hanako" not in found, text


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(st.characters(), max_size=40) | st.text("\"\\*?+-&|!(){}[]^~:/ .'a1山ア", max_size=20))
async def test_any_text_is_a_question(store: Store, text: str) -> None:
    await search_customers(store, text, limit=1)


@given(st.text(max_size=300))
def test_questions_are_short(text: str) -> None:
    query = text_query(text)
    assert query is None or len(query) <= (MOST_WORDS + 4) * 2 * (LONGEST_WORD + 10)


@given(st.text())
def test_folding_twice_changes_nothing_more(text: str) -> None:
    once = folded(text)
    assert folded(once) == once


def test_phone_numbers_are_kept_without_country_code_too() -> None:
    assert searchable(["+819012345678"]).split() == ["+819012345678", "819012345678", "19012345678", "9012345678", "012345678"]
    assert searchable(["Ann", "ann", "ANN@example.com"]).split() == ["ann", "ann@example.com"]
