"""What customers write, in Japanese and in English, by how content they are."""

from __future__ import annotations

REVIEW_TITLES = {
    "ja": {1: "残念です", 2: "期待外れ", 3: "普通", 4: "満足しています", 5: "最高です！"},
    "en": {1: "Very disappointed", 2: "Not what I hoped for", 3: "It is all right", 4: "Very pleased", 5: "Wonderful!"},
}

REVIEWS = {
    "ja": {
        1: ("届いた時点で傷がありました。交換をお願いしたいです。", "写真と色が全く違いました。返品します。"),
        2: ("思っていたより作りが雑でした。", "値段の割に品質が低いと感じました。"),
        3: ("可もなく不可もなく、値段相応だと思います。", "悪くはありませんが、少し小さかったです。"),
        4: ("使いやすくて気に入っています。", "丁寧な梱包で、品質も良かったです。", "家族にも好評でした。"),
        5: (
            "期待以上の品質でした。また購入します。",
            "友人にも勧めました。毎日使っています。",
            "贈り物にしたらとても喜ばれました。",
        ),
    },
    "en": {
        1: ("It arrived scratched and I would like a replacement.", "The colour is nothing like the picture. Going back."),
        2: ("Rougher than I expected at this price.", "It does the job, but the finish is poor."),
        3: ("Neither good nor bad: you get what you pay for.", "Fine, though a little smaller than I thought."),
        4: ("Easy to use and nicely made.", "Well packed, good quality.", "The whole family likes it."),
        5: (
            "Better than I hoped. I will buy it again.",
            "I use it every day and have told all my friends.",
            "I gave it as a present and it was loved.",
        ),
    },
}

REVIEW_ENDINGS = {
    "ja": (
        "配送も早かったです。",
        "配送に時間がかかりました。",
        "次は別の色も試してみたいです。",
        "店員さんの対応も丁寧でした。",
    ),
    "en": (
        " Delivery was quick.",
        " Delivery took a while.",
        " I may try another colour next.",
        "\nThe staff were kind, too.",
    ),
}

# From the least content to the most.
COMMENTS = {
    "ja": (
        "問い合わせへの返事が遅すぎます。",
        "配送がもう少し早いと助かります。",
        "特に問題ありません。",
        "いつも利用しています。",
        "とても満足です。これからもよろしくお願いします。",
    ),
    "en": (
        "Nobody answered my questions for a week.",
        "Delivery could be quicker.",
        "No complaints.",
        "I keep coming back.",
        "Lovely shop, lovely people. Keep it up!",
    ),
}

# Subject, and how it ended.
CASES = {
    "ja": {
        "complaint": (
            ("商品が破損していました", "交換品を発送しました"),
            ("注文と違う商品が届きました", "返品を受け付け、正しい商品を発送しました"),
            ("配送が大幅に遅れています", "お詫びのクーポンをお送りしました"),
        ),
        "question": (
            ("届け先を変更したい", "住所を変更しました"),
            ("領収書を発行してほしい", "領収書をメールでお送りしました"),
            ("在庫はいつ入りますか", "入荷予定日をご案内しました"),
        ),
    },
    "en": {
        "complaint": (
            ("The item arrived broken", "A replacement was sent"),
            ("I was sent the wrong item", "The right item was sent and the other taken back"),
            ("My parcel is a week late", "An apology and a voucher were sent"),
        ),
        "question": (
            ("Can I change the delivery address?", "The address was changed"),
            ("I need an invoice", "The invoice was sent by email"),
            ("When will it be back in stock?", "The expected date was given"),
        ),
    },
}
