"""Who a customer is: name, home, and the identifiers it goes by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from app.demo import names, places
from app.demo.network import Network
from app.demo.places import AMERICA, BRITAIN, JAPAN, Country
from graph.events.inputs import CustomerKey, IdentifierKey

_DOMAINS = ("example.com", "example.net", "example.org")
_BORN_FIRST = date(1944, 1, 1).toordinal()
_BORN_DAYS = 365 * 63
Draw = Callable[[], float]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Person:
    """One customer as it is, before anything happens. Keys name it in events: `site` on the web and in the app, `store` at
    a till, `mail` for messages; an anonymous visitor has `visitor` only, and no name.
    """

    index: int
    known: bool
    country: Country
    content: float
    favourite: int
    family: names.Name
    given: names.Name
    gender: str
    born: date
    home: dict[str, str]
    time_zone: str
    identifiers: tuple[IdentifierKey, ...]
    visitor: CustomerKey
    site: CustomerKey
    store: CustomerKey
    mail: CustomerKey
    phone: str | None
    email: str

    def full_name(self) -> str:
        """As its owner writes it: family name first in Japan."""
        if self.family.kana:
            return f"{self.family.text} {self.given.text}"
        return f"{self.given.text} {self.family.text}"

    def other_spelling(self) -> str:
        """As a shop assistant might type it: Latin letters for a Japanese name, capitals for an English one."""
        if self.family.kana:
            return f"{self.given.roman.title()} {self.family.roman.title()}"
        return f"{self.family.text.upper()}, {self.given.text[0]}."

    def traits(self) -> dict[str, Any]:
        """What a sign-up form states."""
        stated: dict[str, Any] = {
            "name": self.full_name(),
            "givenName": self.given.text,
            "familyName": self.family.text,
            "email": self.email,
            "birthDate": self.born.isoformat(),
            "gender": self.gender,
            "locale": self.country.locale,
            "timeZone": self.time_zone,
            "country": self.country.code,
            "addresses": [self.home],
        }
        if self.phone:
            stated["phone"] = self.phone
        if self.family.kana:
            stated["nameKana"] = f"{self.family.kana} {self.given.kana}"
        return stated


def user_key(index: int) -> IdentifierKey:
    """The user id of customer `index`; a person who is known has one."""
    return IdentifierKey("user_id", f"u{index:08d}")


def loyalty_key(index: int) -> IdentifierKey:
    """The loyalty card of customer `index`, which not everybody has."""
    return IdentifierKey("loyalty_card", f"LC{index:09d}")


def choose(table: tuple[T, ...], u: float) -> T:
    """The entry of `table` at the fraction `u` of its length."""
    return table[int(u * len(table))]


def person(network: Network, index: int, draw: Draw) -> Person:
    """Customer `index` of a world; takes its chances from `draw`, the customer's own."""
    u = draw()
    country = JAPAN if u < 0.45 else AMERICA if u < 0.8 else BRITAIN
    family, given, gender = _name(country, draw)
    place = choose(places.PLACES[country.code], draw())
    known = network.known(index)
    email = f"{given.roman}.{family.roman}{index}@{_DOMAINS[index % 3]}"
    phone = _phone(network, index, country.code) if draw() < 0.62 else None
    # Whoever has a second set of identifiers has the loyalty card in that one.
    card = loyalty_key(index) if draw() < 0.35 and known and network.twin(index) is None else None
    device = IdentifierKey("device", f"d{index:08d}") if draw() < 0.3 else None
    cookie = IdentifierKey("anonymous_id", f"a{index:08d}") if draw() < 0.85 or not known else None
    user = user_key(index)
    mail = IdentifierKey("email", email)
    stated = (user, mail, IdentifierKey("phone", phone) if phone else None, cookie, card, device) if known else (cookie,)
    site = CustomerKey(identifier=user) if known or not cookie else CustomerKey(identifier=cookie)
    return Person(
        index=index,
        known=known,
        country=country,
        content=network.content(index),
        favourite=_favourite(country, draw()),
        family=family,
        given=given,
        gender=gender,
        born=date.fromordinal(_BORN_FIRST + int(draw() * _BORN_DAYS)),
        home=places.address(country.code, place=place, number=int(draw() * 1_000_000)),
        time_zone=place[-1],
        identifiers=tuple(filter(None, stated)),
        visitor=CustomerKey(identifier=cookie) if cookie else site,
        site=site,
        store=CustomerKey(identifier=card) if card else site,
        mail=CustomerKey(email=email),
        phone=phone if known else None,
        email=email,
    )


def _name(country: Country, draw: Draw) -> tuple[names.Name, names.Name, str]:
    female = draw() < 0.52
    # Squaring makes the first names of each list the common ones.
    u, v = draw(), draw()
    if country is JAPAN:
        given = names.JAPANESE_FEMALE if female else names.JAPANESE_MALE
        return choose(names.JAPANESE_FAMILY, u * u), choose(given, v), "female" if female else "male"
    given = names.ENGLISH_FEMALE if female else names.ENGLISH_MALE
    return choose(names.ENGLISH_FAMILY, u * u), choose(given, v), "female" if female else "male"


def _phone(network: Network, index: int, country: str) -> str | None:
    """A number nobody else has: fictional ranges are small, so in a large world only every so-manieth customer has one."""
    step = network.customers // places.CAPACITY[country] + 1
    slot, rest = divmod(index, step)
    return None if rest else places.phone(country, slot)


def _favourite(country: Country, u: float) -> int:
    """A category's number; the Japanese ones (13 to 18) are favourites in Japan above all."""
    if country is JAPAN and u < 0.6:
        return 13 + int(u / 0.6 * 6)
    return int(u * 20)
