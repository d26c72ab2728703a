"""What the made-up people say; see :mod:`cryptovolt_venue.press.news` for the placeholders."""

from types import MappingProxyType

from cryptovolt_venue.press.news import Templates

POSTS: Templates = MappingProxyType(
    {
        "good": (
            ("${ticker} to the moon 🚀 never been more bullish", ""),
            ("Just bought more {name}. Fundamentals are GREAT and nobody is looking.", ""),
            ("{name} fees are so low now, love what the devs did", ""),
            ("Huge! {org} is in. ${ticker} holders will be very happy 😄", ""),
            ("Not worried about ${ticker} at all, the upgrade works beautifully", ""),
            (
                "Staking {name} for a year, best decision I made",
                "Rewards came on time, every time.",
            ),
            ("${ticker} diamond hands 💎🙌 we are still early", ""),
            ("After {n} days with {name} I can say: it just works, impressive", ""),
        ),
        "bad": (
            ("${ticker} holders are getting rekt, I am out", ""),
            ("{name} is down AGAIN?? what a joke of a network 😡", ""),
            ("Lost {pct}% to fees on {name}. Terrible experience, avoid.", ""),
            ("Smells like a rug pull. Be careful with ${ticker} 🚩", ""),
            ("Not your keys, not your coins. {org} froze my {ticker}", "Support does not answer."),
            ("Oh great, another {name} outage. Just what we needed /s", ""),
            ("${ticker} looks weak, whales are dumping on us 📉", ""),
            ("I do not trust the {name} team any more after this week", ""),
        ),
        "plain": (
            ("How do I move {name} from one wallet to another?", "First time, please be patient."),
            ("Is the {name} conference streamed somewhere?", ""),
            ("${ticker} question: what is the link to the block explorer?", ""),
            ("Which {name} node software do you run, and why that one?", ""),
            ("Weekly {name} thread, number {n}", "Questions and answers below."),
        ),
    }
)

MARKET_POSTS: Templates = MappingProxyType(
    {
        "good": (("Crypto feels alive again, love this energy 🔥", ""),),
        "bad": (("Worst month in crypto I have seen, everybody is scared", ""),),
        "plain": (("What are you all reading about crypto this weekend?", ""),),
    }
)

SPAM = (
    "🚀🚀 FREE {ticker} AIRDROP 🚀🚀 claim before midnight at loopback-press.invalid/claim {n}",
    "Join our VIP signal group, {pct}0% profit GUARANTEED on ${ticker} $BTC $ETH $SOL, DM now",
    "I made ${n},000 in one week thanks to my mentor, message her on the app, she trades {name}",
)

OPENERS = (
    "", "", "", "Honestly: ", "Just saying, ", "Morning all. ", "So. ", "Coffee in hand: ",
    "Day {pct} of watching: ", "From the train: ", "Short one. ", "As of block {n}: ",
)  # fmt: skip
CLOSERS = (
    "", "", "", " Anyone else?", " Just my view.", " That is all.", " What do you think?",
    " Posting from a phone.", " Asked {n} people, {pct} agreed.", " Let me hear you.",
    " Back to work now.", " Written before breakfast.", " My cat agrees.", " #{ticker}{n}",
    " Told my neighbour in flat {pct}.", " Screenshots later.", " See you at {pct} past.",
)  # fmt: skip
"""Words without any tone around a post: people seldom write the same."""

PEOPLE = (
    "amber_kite", "blocksmith", "cold_storage_cat", "dune_runner", "eastwind", "fernhill",
    "gasfee_gary", "hashful", "iris_node", "jade_ledger", "kelpie", "lumen_lu", "mossy_stone",
    "nonce_upon", "oak_and_iron", "paper_boat", "quiet_validator", "ridge_walker", "salt_flat",
    "tidepool", "umber", "violet_hash", "windrow", "xenolith", "yarrow", "zero_conf_zoe",
)  # fmt: skip

BOTS = ("signals_4u_001", "signals_4u_002", "free_drop_daily", "vip_profit_desk")
