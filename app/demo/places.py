"""Where customers live, and the telephone numbers that nobody has.

Numbers come from ranges kept free for fiction: 555-0100 to 555-0199 of each North American area code, and Ofcom's numbers
for drama in the United Kingdom. Japan keeps no such range, but the digit after 070, 080 or 090 is never 0 there.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Country:
    """`offset` is the seconds east of UTC that the story uses all year, without daylight saving time."""

    code: str
    currency: str
    locale: str
    offset: int


JAPAN = Country("JP", "JPY", "ja-JP", 9 * 3_600)
AMERICA = Country("US", "USD", "en-US", -5 * 3_600)
BRITAIN = Country("GB", "GBP", "en-GB", 0)


def _rows(table: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(line.strip().split("|")) for line in table.strip().splitlines())


def _words(table: str) -> tuple[str, ...]:
    return tuple(table.split())


# Region, city, street or town, first part of the postal code, time zone.
JAPANESE_PLACES = _rows("""
    東京都|新宿区|西新宿|160-00|Asia/Tokyo
    東京都|渋谷区|恵比寿|150-00|Asia/Tokyo
    東京都|世田谷区|三軒茶屋|154-00|Asia/Tokyo
    東京都|台東区|浅草|111-00|Asia/Tokyo
    東京都|八王子市|旭町|192-00|Asia/Tokyo
    神奈川県|横浜市|中区山下町|231-00|Asia/Tokyo
    神奈川県|川崎市|中原区小杉町|211-00|Asia/Tokyo
    埼玉県|さいたま市|大宮区桜木町|330-08|Asia/Tokyo
    千葉県|船橋市|本町|273-00|Asia/Tokyo
    大阪府|大阪市|北区梅田|530-00|Asia/Tokyo
    大阪府|堺市|堺区南瓦町|590-00|Asia/Tokyo
    京都府|京都市|中京区河原町|604-80|Asia/Tokyo
    兵庫県|神戸市|中央区三宮町|650-00|Asia/Tokyo
    愛知県|名古屋市|中区栄|460-00|Asia/Tokyo
    福岡県|福岡市|博多区中洲|810-08|Asia/Tokyo
    北海道|札幌市|中央区大通西|060-00|Asia/Tokyo
    宮城県|仙台市|青葉区一番町|980-08|Asia/Tokyo
    広島県|広島市|中区紙屋町|730-00|Asia/Tokyo
    静岡県|浜松市|中央区鍛冶町|430-09|Asia/Tokyo
    沖縄県|那覇市|久茂地|900-00|Asia/Tokyo
""")

AMERICAN_PLACES = _rows("""
    NY|Albany|Maple Street|122|America/New_York
    MA|Springfield|Oak Avenue|011|America/New_York
    PA|Lancaster|Church Street|176|America/New_York
    OH|Columbus|Main Street|432|America/New_York
    MI|Ann Arbor|Huron Street|481|America/Detroit
    IL|Peoria|Washington Street|616|America/Chicago
    WI|Madison|Lake Drive|537|America/Chicago
    MN|Duluth|Superior Street|558|America/Chicago
    TX|Austin|Cedar Lane|787|America/Chicago
    LA|Lafayette|Magnolia Road|705|America/Chicago
    CO|Boulder|Pine Street|803|America/Denver
    UT|Provo|Center Street|846|America/Denver
    AZ|Tucson|Cactus Way|857|America/Phoenix
    CA|Fresno|Park Avenue|937|America/Los_Angeles
    CA|Oakland|Hillside Drive|946|America/Los_Angeles
    OR|Portland|River Road|972|America/Los_Angeles
    WA|Tacoma|Harbor Street|984|America/Los_Angeles
    GA|Savannah|Elm Street|314|America/New_York
    NC|Durham|Dogwood Drive|277|America/New_York
    FL|Orlando|Orange Avenue|328|America/New_York
""")

BRITISH_PLACES = _rows("""
    Greater London|London|High Street|N1 |Europe/London
    West Yorkshire|Leeds|Station Road|LS2 |Europe/London
    Greater Manchester|Manchester|Victoria Road|M4 |Europe/London
    Bristol|Bristol|Park Lane|BS3 |Europe/London
    Norfolk|Norwich|Mill Lane|NR2 |Europe/London
    Devon|Exeter|Queens Road|EX4 |Europe/London
    Edinburgh|Edinburgh|Church Road|EH7 |Europe/London
    Cardiff|Cardiff|Kings Road|CF5 |Europe/London
    Tyne and Wear|Newcastle upon Tyne|Grange Road|NE2 |Europe/London
    Belfast|Belfast|The Avenue|BT9 |Europe/London
""")

PLACES = {"JP": JAPANESE_PLACES, "US": AMERICAN_PLACES, "GB": BRITISH_PLACES}

_AREA_CODES = _words(
    """
    201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239 240 248 251 252 253 254
    256 260 262 267 269 270 272 276 281 301 302 303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320 321 323 325
    330 331 334 336 337 339 346 347 351 352 360 361 385 386 401 402 404 405 406 407 408 409 410 412 413 414 415 417 419 423
    424 425 430 432 434 435 440 442 443 458 469 470 475 478 479 480 484 501 502 503 504 505 507 508 509 510 512 513 515 516
    517 518 520 530 531 534 539 540 541 551 559 561 562 563 567 570 571 573 574 575 580 585 586 601 602 603 605 606 607 608
    609 610 612 614 615 616 617 618 619 620 623 626 630 631 636 641 646 650 651 657 660 661 662 667 669 678 681 682 701 702
    703 704 706 707 708 712 713 714 715 716 717 718 719 720 724 725 727 731 732 734 737 740 747 754 757 760 762 763 765 769
    770 772 773 774 775 779 781 785 786 801 802 803 804 805 806 808 810 812 813 814 815 816 817 818 828 830 831 832 843 845
    847 848 850 854 856 857 858 859 860 862 863 864 865 870 872 878 901 903 904 906 907 908 909 910 912 913 914 915 916 917
    """
)
_DRAMA = (
    "7700900", "2079460", "1134960", "1144960", "1154960", "1164960", "1174960", "1184960",
    "1214960", "1314960", "1414960", "1514960", "1614960", "1632960",
)  # fmt: skip

CAPACITY = {"US": len(_AREA_CODES) * 100, "GB": len(_DRAMA) * 1_000, "JP": 30_000_000}
"""How many fictional numbers each country has."""


def phone(country: str, slot: int) -> str:
    """The `slot`-th fictional number of a country in E.164; `slot` must be below its capacity."""
    if country == "US":
        area, line = divmod(slot, 100)
        return f"+1{_AREA_CODES[area]}55501{line:02d}"
    if country == "GB":
        prefix, line = divmod(slot, 1_000)
        return f"+44{_DRAMA[prefix]}{line:03d}"
    prefix, line = divmod(slot, 10_000_000)
    return f"+81{(90, 80, 70)[prefix]}0{line:07d}"


def address(country: str, *, place: tuple[str, ...], number: int) -> dict[str, str]:
    """A home as an object with the contract's fields of Address; `number` picks the house."""
    region, city, street, postal, _ = place
    house, rest = number % 9_000, number // 9_000
    found = {"kind": "home", "city": city, "region": region, "country": country}
    if country == "JP":
        found["line1"] = f"{street}{1 + house % 9}-{1 + house // 9 % 30}-{1 + house // 270}"
        found["postalCode"] = f"{postal}{10 + rest % 90}"
        if rest % 3 == 0:
            found["line2"] = f"コーポ{('青葉', '若葉', '日の出', '緑')[rest % 4]}{1 + rest % 8}0{1 + house % 9}"
    elif country == "US":
        found["line1"] = f"{1 + house} {street}"
        found["postalCode"] = f"{postal}{1 + rest % 99:02d}"
        if rest % 4 == 0:
            found["line2"] = f"Apt {1 + rest % 40}"
    else:
        found["line1"] = f"{1 + house % 400} {street}"
        found["postalCode"] = f"{postal}{1 + rest % 9}{'ABDEFGHJLN'[rest % 10]}{'PQRSTUWXYZ'[house % 10]}"
        if rest % 5 == 0:
            found["line2"] = f"Flat {1 + rest % 20}"
    return found
