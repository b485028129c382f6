"""One thousand products in twenty categories, a third of them with Japanese titles, priced in three currencies."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from app.demo.dice import mix
from graph.events.inputs import PurchaseItemInput
from graph.money import Money

SIZE = 1_000
# The catalogue is the same in every demo world.
_CATALOGUE_SEED = 360
# Minor units of each currency for one US cent: yen have no decimals, and prices end in a round digit.
_JPY_PER_CENT = 1.48
_GBP_PER_CENT = 0.79


@dataclass(frozen=True, slots=True)
class Category:
    """`path` from the top; titles are made of an adjective and a noun; `cents` are the lowest and highest price in USD."""

    path: tuple[str, ...]
    adjectives: tuple[str, ...]
    nouns: tuple[str, ...]
    cents: tuple[int, int]
    japanese: bool = False


@dataclass(frozen=True, slots=True)
class Product:
    """`prices` by currency; `lines` is the commonest line of it, one piece without a discount, by currency."""

    sku: str
    url: str
    title: str
    category: tuple[str, ...]
    prices: dict[str, Money]
    lines: dict[str, PurchaseItemInput]


def _category(path: str, *, adjectives: str, nouns: str, cents: tuple[int, int], japanese: bool = False) -> Category:
    return Category(tuple(path.split("/")), tuple(adjectives.split()), tuple(nouns.split()), cents, japanese)


CATEGORIES = (
    _category("Kitchen/Cookware", adjectives="Cast-Iron Copper Steel Enamel Ceramic",
              nouns="Pan Pot Wok Casserole Griddle Kettle Steamer Skillet Roaster Saucepan", cents=(1_900, 18_000)),
    _category("Kitchen/Tableware", adjectives="White Speckled Blue Oak Stoneware",
              nouns="Plate Bowl Mug Tray Jug Platter Teapot Cup Saucer Ramekin", cents=(700, 6_500)),
    _category("Home/Bedding", adjectives="Linen Cotton Wool Down Quilted",
              nouns="Duvet Pillow Sheet Blanket Throw Pillowcase Mattress-Topper Bedspread Cushion Coverlet",
              cents=(1_500, 22_000)),
    _category("Home/Lighting", adjectives="Brass Paper Glass Walnut Folding",
              nouns="Lamp Lantern Pendant Sconce Floor-Lamp Desk-Lamp Night-Light Spotlight Shade Candle-Holder",
              cents=(2_200, 24_000)),
    _category("Garden/Tools", adjectives="Forged Long Light Ash Stainless",
              nouns="Spade Rake Trowel Hoe Shears Fork Watering-Can Secateurs Dibber Sieve", cents=(900, 8_000)),
    _category("Clothing/Women", adjectives="Merino Linen Silk Denim Jersey",
              nouns="Cardigan Dress Shirt Skirt Coat Trousers Scarf Blouse Jacket Tunic", cents=(2_900, 26_000)),
    _category("Clothing/Men", adjectives="Oxford Flannel Tweed Cotton Waxed",
              nouns="Shirt Jumper Jacket Trousers Coat Waistcoat Polo Cap Belt Socks", cents=(1_500, 28_000)),
    _category("Sport/Running", adjectives="Trail Road Featherlight Thermal Reflective",
              nouns="Shoes Shorts Vest Tights Cap Belt Jacket Socks Gloves Headlamp", cents=(1_200, 17_000)),
    _category("Sport/Cycling", adjectives="Gravel City Touring Carbon Leather",
              nouns="Saddle Helmet Pannier Light Pump Gloves Bell Lock Jersey Pedals", cents=(1_000, 21_000)),
    _category("Outdoor/Camping", adjectives="Ultralight Two-Person Folding Insulated Titanium",
              nouns="Tent Stove Mat Flask Chair Lantern Sleeping-Bag Tarp Cookset Hammock", cents=(1_400, 42_000)),
    _category("Music/Instruments", adjectives="Concert Travel Student Maple Vintage",
              nouns="Ukulele Guitar Flute Violin Keyboard Drum Clarinet Harmonica Tambourine Metronome",
              cents=(1_800, 90_000)),
    _category("Toys/Wooden", adjectives="Painted Rainbow Little Stacking Classic",
              nouns="Train Blocks Puzzle Farm Abacus Boat Castle Tower Truck Marble-Run", cents=(900, 7_500)),
    _category("Pets/Dogs", adjectives="Soft Tough Reflective Woven Padded",
              nouns="Lead Collar Bed Bowl Coat Harness Toy Brush Carrier Blanket", cents=(600, 12_000)),
    _category("食品/日本茶", adjectives="宇治の 八女の 静岡の 有機 特上",
              nouns="煎茶 玉露 抹茶 ほうじ茶 玄米茶 番茶 かぶせ茶 茎茶 粉茶 新茶", cents=(600, 7_800), japanese=True),
    _category("食品/和菓子", adjectives="手作り 季節の 老舗の 黒糖 抹茶",
              nouns="羊羹 最中 大福 どら焼き 煎餅 饅頭 わらび餅 金平糖 あられ 団子", cents=(500, 4_800), japanese=True),
    _category("食品/調味料", adjectives="天然醸造 無添加 木桶仕込み 国産 熟成",
              nouns="醤油 味噌 みりん 酢 だし ゆず胡椒 七味 塩麹 胡麻油 ポン酢", cents=(400, 3_900), japanese=True),
    _category("食器/陶磁器", adjectives="有田焼 美濃焼 益子焼 波佐見焼 備前焼",
              nouns="茶碗 湯呑み 小皿 急須 丼鉢 徳利 箸置き 大皿 マグカップ 花瓶", cents=(900, 16_000), japanese=True),
    _category("文具/筆記具", adjectives="木軸 真鍮の 限定 携帯用 漆塗り",
              nouns="万年筆 筆ペン 鉛筆 ボールペン 硯 ペンケース 消しゴム 定規 インク 筆箱", cents=(300, 24_000), japanese=True),
    _category("文具/紙製品", adjectives="和紙の 再生紙の 桜柄の 方眼 革表紙の",
              nouns="手帳 便箋 封筒 ノート 折り紙 御朱印帳 メモ帳 しおり 日記帳 ぽち袋", cents=(300, 6_000), japanese=True),
    _category("Beauty/Bath", adjectives="Yuzu Lavender Cedar Unscented Rose",
              nouns="Soap Bath-Salt Lotion Shampoo Hand-Cream Face-Oil Candle Scrub Balm Towel", cents=(500, 5_900)),
)  # fmt: skip


def _prices(cents: int) -> dict[str, Money]:
    return {
        "USD": Money(cents // 100 * 100 + 99, "USD"),
        "JPY": Money(max(1, int(cents * _JPY_PER_CENT) // 100) * 100 - 20, "JPY"),
        "GBP": Money(int(cents * _GBP_PER_CENT) // 100 * 100 + 50, "GBP"),
    }


def _product(number: int) -> Product:
    category = CATEGORIES[number % len(CATEGORIES)]
    variant = number // len(CATEGORIES)
    adjective = category.adjectives[variant % 5]
    noun = category.nouns[variant // 5].replace("-", " ")
    title = f"{adjective}{noun}" if category.japanese else f"{adjective} {noun}"
    low, high = category.cents
    prices = _prices(low + mix(_CATALOGUE_SEED, number, 1) % (high - low))
    sku = f"SKU-{number + 1:04d}"
    lines = {
        currency: PurchaseItemInput(
            sku=sku, title=title, category=category.path, quantity=Decimal(1), unit_price=price, total=price
        )
        for currency, price in prices.items()
    }
    return Product(sku, f"/products/{sku.lower()}", title, category.path, prices, lines)


PRODUCTS = tuple(_product(number) for number in range(SIZE))
_PER_CATEGORY = SIZE // len(CATEGORIES)
QUANTITIES = tuple(Decimal(count) for count in range(5))


def liked(u: float, *, favourite: int) -> Product:
    """A product, few of which sell most: the n-th best sells in proportion to n to the power of -2/3. Four in ten are of
    the favourite category (its number), whose products keep that order among themselves.
    """
    if u < 0.6:
        u /= 0.6
        return PRODUCTS[int(u * u * u * SIZE)]
    u = (u - 0.6) * 2.5
    return PRODUCTS[int(u * u * u * _PER_CATEGORY) * len(CATEGORIES) + favourite]


def line(product: Product, *, currency: str, quantity: int, discount_percent: int) -> PurchaseItemInput:
    """A line of a cart or purchase: 1 to 4 pieces, a discount in whole percent rounded down to a minor unit."""
    if quantity == 1 and not discount_percent:
        return product.lines[currency]
    price = product.prices[currency]
    gross = price.amount * quantity
    discount = gross * discount_percent // 100
    return PurchaseItemInput(
        sku=product.sku,
        title=product.title,
        category=product.category,
        quantity=QUANTITIES[quantity],
        unit_price=price,
        discount=Money(discount, currency) if discount else None,
        total=Money(gross - discount, currency),
    )
