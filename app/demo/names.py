"""Given and family names, common ones in Japan and in English-speaking countries."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Name:
    """`text` as its owner writes it, `kana` its reading (empty for Latin names), `roman` in lower-case Latin letters."""

    text: str
    kana: str
    roman: str


def _japanese(table: str) -> tuple[Name, ...]:
    return tuple(Name(*entry.split("/")) for entry in table.split())


def _english(table: str) -> tuple[Name, ...]:
    return tuple(Name(text, "", text.lower().replace("'", "")) for text in table.split())


JAPANESE_FAMILY = _japanese("""
    佐藤/サトウ/sato 鈴木/スズキ/suzuki 高橋/タカハシ/takahashi 田中/タナカ/tanaka 伊藤/イトウ/ito 渡辺/ワタナベ/watanabe
    山本/ヤマモト/yamamoto 中村/ナカムラ/nakamura 小林/コバヤシ/kobayashi 加藤/カトウ/kato 吉田/ヨシダ/yoshida
    山田/ヤマダ/yamada 佐々木/ササキ/sasaki 山口/ヤマグチ/yamaguchi 松本/マツモト/matsumoto 井上/イノウエ/inoue
    木村/キムラ/kimura 林/ハヤシ/hayashi 斎藤/サイトウ/saito 清水/シミズ/shimizu 山崎/ヤマザキ/yamazaki 森/モリ/mori
    池田/イケダ/ikeda 橋本/ハシモト/hashimoto 阿部/アベ/abe 石川/イシカワ/ishikawa 山下/ヤマシタ/yamashita
    中島/ナカジマ/nakajima 石井/イシイ/ishii 小川/オガワ/ogawa 前田/マエダ/maeda 岡田/オカダ/okada 長谷川/ハセガワ/hasegawa
    藤田/フジタ/fujita 後藤/ゴトウ/goto 近藤/コンドウ/kondo 村上/ムラカミ/murakami 遠藤/エンドウ/endo 青木/アオキ/aoki
    坂本/サカモト/sakamoto 福田/フクダ/fukuda 太田/オオタ/ota 西村/ニシムラ/nishimura 藤井/フジイ/fujii 金子/カネコ/kaneko
    岡本/オカモト/okamoto 藤原/フジワラ/fujiwara 三浦/ミウラ/miura 中野/ナカノ/nakano 原田/ハラダ/harada 松田/マツダ/matsuda
    竹内/タケウチ/takeuchi 小野/オノ/ono 田村/タムラ/tamura 中山/ナカヤマ/nakayama 和田/ワダ/wada 石田/イシダ/ishida
    上田/ウエダ/ueda 内田/ウチダ/uchida 柴田/シバタ/shibata 酒井/サカイ/sakai 宮崎/ミヤザキ/miyazaki 高木/タカギ/takagi
    安藤/アンドウ/ando
""")

JAPANESE_FEMALE = _japanese("""
    花子/ハナコ/hanako 美咲/ミサキ/misaki 陽菜/ヒナ/hina 結衣/ユイ/yui 葵/アオイ/aoi 凛/リン/rin 桜/サクラ/sakura 愛/アイ/ai
    恵子/ケイコ/keiko 由美/ユミ/yumi 裕子/ユウコ/yuko 直美/ナオミ/naomi 久美子/クミコ/kumiko 真由美/マユミ/mayumi
    明美/アケミ/akemi 智子/トモコ/tomoko 美穂/ミホ/miho 彩/アヤ/aya 綾香/アヤカ/ayaka 麻衣/マイ/mai 千尋/チヒロ/chihiro
    奈々/ナナ/nana 優子/ユウコ/yuko 香織/カオリ/kaori 沙織/サオリ/saori 理恵/リエ/rie 洋子/ヨウコ/yoko 幸子/サチコ/sachiko
    和子/カズコ/kazuko 芽依/メイ/mei 莉子/リコ/riko 心春/コハル/koharu 杏/アン/an 詩織/シオリ/shiori 瞳/ヒトミ/hitomi
    舞/マイ/mai 千夏/チナツ/chinatsu 朋子/トモコ/tomoko 礼子/レイコ/reiko 典子/ノリコ/noriko
""")

JAPANESE_MALE = _japanese("""
    太郎/タロウ/taro 翔太/ショウタ/shota 大輔/ダイスケ/daisuke 健太/ケンタ/kenta 拓也/タクヤ/takuya 直樹/ナオキ/naoki
    誠/マコト/makoto 浩/ヒロシ/hiroshi 健一/ケンイチ/kenichi 哲也/テツヤ/tetsuya 剛/ツヨシ/tsuyoshi 学/マナブ/manabu
    隆/タカシ/takashi 修/オサム/osamu 達也/タツヤ/tatsuya 和也/カズヤ/kazuya 亮/リョウ/ryo 蓮/レン/ren 陽翔/ハルト/haruto
    湊/ミナト/minato 悠真/ユウマ/yuma 大和/ヤマト/yamato 颯太/ソウタ/sota 樹/イツキ/itsuki 海斗/カイト/kaito 陸/リク/riku
    優斗/ユウト/yuto 一郎/イチロウ/ichiro 次郎/ジロウ/jiro 三郎/サブロウ/saburo 茂/シゲル/shigeru 勇/イサム/isamu
    進/ススム/susumu 清/キヨシ/kiyoshi 豊/ユタカ/yutaka 聡/サトシ/satoshi 智也/トモヤ/tomoya 祐介/ユウスケ/yusuke
    康平/コウヘイ/kohei 啓太/ケイタ/keita
""")

ENGLISH_FAMILY = _english("""
    Smith Johnson Williams Brown Jones Garcia Miller Davis Wilson Anderson Thomas Taylor Moore Jackson Martin Lee Thompson
    White Harris Clark Lewis Robinson Walker Young Allen King Wright Scott Hill Green Adams Nelson Baker Hall Campbell
    Mitchell Carter Roberts Phillips Evans Turner Parker Collins Edwards Stewart Morris Murphy Cook Rogers Morgan Cooper
    Peterson Reed Bailey Bell Kelly Howard Ward Cox Richardson Wood Watson Brooks Bennett Gray James Hughes Price Myers
    Foster Sanders Ross O'Brien O'Connor Patel Shah Khan
""")

ENGLISH_FEMALE = _english("""
    Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Karen Nancy Lisa Margaret Sandra Ashley Emily Donna
    Michelle Carol Amanda Melissa Deborah Stephanie Rebecca Laura Helen Sharon Cynthia Kathleen Amy Olivia Charlotte Amelia
    Isla Grace Freya Poppy Ruby Priya Aisha Chloe Hannah Megan Lucy Alice
""")

ENGLISH_MALE = _english("""
    James Robert John Michael David William Richard Joseph Thomas Charles Christopher Daniel Matthew Anthony Mark Donald
    Steven Andrew Paul Joshua Kenneth Kevin Brian George Timothy Ronald Jason Edward Jeffrey Ryan Oliver Harry Jack Noah
    Arthur Leo Oscar Archie Ravi Imran Callum Rhys Lewis Adam Peter
""")
