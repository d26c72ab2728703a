"""What the made-up newspapers and the exchange's notice board say.

``{name}`` and ``{ticker}`` are the coin; ``{n}``, ``{pct}`` and ``{org}`` are drawn. No sentence
says what the price did: the items know nothing of it.
"""

from collections.abc import Mapping
from types import MappingProxyType

Templates = Mapping[str, tuple[tuple[str, str], ...]]
"""Tone (``"good"``, ``"bad"``, ``"plain"``) to titles and first sentences."""

ORGANISATIONS = (
    "Harbour Lane Capital", "Northgate Custody", "Bluefin Pay", "Meridian Exchange",
    "Quarry Street Bank", "Tallow Asset Management", "Copperfield Labs", "Osprey Fund",
    "Sixth Bridge Partners", "Lantern Wallet", "Pale Harbour Trust", "Grove & Finch",
)  # fmt: skip
"""Made-up names; none is a company."""

NEWS: Templates = MappingProxyType(
    {
        "good": (
            (
                "{name} funds take in ${n} million as institutions return",
                "It is the strongest week of inflows since the spring, {org} said.",
            ),
            (
                "{org} adopts {name} for settlement, calls the pilot a success",
                "Payments that took two days were confirmed within minutes.",
            ),
            (
                "Regulator approves {name} product of {org}",
                "Approval came earlier than expected and was welcomed by investors.",
            ),
            (
                "{name} upgrade goes live without a hitch, fees drop {pct}%",
                "Developers praised a smooth rollout after months of testing.",
            ),
            (
                "Long-term holders accumulate {name} as supply on exchanges shrinks",
                "{n} thousand {ticker} moved into cold storage this month.",
            ),
            (
                "{org} expands {name} custody after record demand",
                "Clients asked for it, and confidence is growing, its head of products said.",
            ),
            (
                "{name} developers win ${n} million grant to improve security",
                "The audit found no serious flaw, and the team will hire.",
            ),
            (
                "Court clears {org} in {name} case, supporters celebrate",
                "The judge dismissed every claim; the decision is a relief for the project.",
            ),
        ),
        "bad": (
            (
                "{name} bridge hacked, ${n} million stolen",
                "Attackers drained the contract within an hour; withdrawals are suspended.",
            ),
            (
                "{org} halts {name} withdrawals and blames liquidity problems",
                "Customers fear losses after days without an explanation.",
            ),
            (
                "Regulator sues {org} over {name} sales, alleges fraud",
                "The complaint speaks of misleading statements and missing reserves.",
            ),
            (
                "{name} funds bleed ${n} million in the worst week of outflows this year",
                "Investors are fleeing risk, {org} wrote to its clients.",
            ),
            (
                "Critical bug in {name} wallets puts deposits at risk",
                "Users are warned not to sign anything until a patch is out.",
            ),
            (
                "{name} network stalls for hours, validators point fingers",
                "It is the third outage since summer, and trust suffers.",
            ),
            (
                "{org} to delist {ticker} amid weak demand and legal worries",
                "Trading ends on Friday; holders complained about the short notice.",
            ),
            (
                "{name} leveraged traders wiped out as liquidation cascade hits ${n} million",
                "Forced selling fed on itself, {org} said in a grim note.",
            ),
        ),
        "plain": (
            (
                "{name} developers publish agenda of their next call",
                "It lists {n} points, most of them about tests.",
            ),
            (
                "What to know about {name} this week",
                "A calendar of talks, releases and votes, with times in UTC.",
            ),
            (
                "{org} publishes its quarterly report on {name} addresses",
                "The number of active addresses was {n} thousand, about as before.",
            ),
            (
                "Follow the link: how one {name} node is run at home",
                "A reader describes hardware, cost and what one needs to near the finish line.",
            ),
            (
                "{name} community votes on the place of its conference",
                "Three cities stand for election; the count ends on Sunday.",
            ),
        ),
    }
)

MARKET_NEWS: Templates = MappingProxyType(
    {
        "good": (
            (
                "Crypto market optimism grows as {org} opens its desk",
                "Volumes and confidence have recovered, participants say.",
            ),
            (
                "Lawmakers agree on clear crypto rules, industry welcomes the bill",
                "It gives businesses the certainty they asked for.",
            ),
        ),
        "bad": (
            (
                "Crypto sell-off deepens as fear spreads after collapse of {org}",
                "Lenders call in loans, and panic is spreading to smaller coins.",
            ),
            (
                "Ministers threaten crypto ban after wave of scams",
                "Officials warned of losses of ${n} million among savers.",
            ),
        ),
        "plain": (
            (
                "Five charts of the crypto week",
                "From stablecoins to miners, without comment.",
            ),
            (
                "Central bank holds hearing on digital money",
                "Experts were heard for {n} minutes; no decision was taken.",
            ),
        ),
    }
)

NOTICES: Templates = MappingProxyType(
    {
        "good": (
            ("Loopback venue will list {name} ({ticker}) perpetuals", ""),
            ("Loopback venue adds {ticker} to its zero-fee promotion", ""),
            ("Loopback venue resumes {name} ({ticker}) deposits and withdrawals", ""),
        ),
        "bad": (
            ("Loopback venue will delist {name} ({ticker}) margin pairs", ""),
            ("Notice: {name} ({ticker}) withdrawals suspended after network problems", ""),
            ("Loopback venue adds the monitoring tag to {ticker} because of higher risk", ""),
        ),
        "plain": (
            ("Notice of the {name} ({ticker}) network upgrade and hard fork", ""),
            ("Updates of tick size of {ticker} spot pairs", ""),
            ("Wallet maintenance for {name} ({ticker})", ""),
        ),
    }
)
"""Titles only: lists of notices carry no text. The second number names the catalogue."""

CONTEXT = (
    "The report covers {n} wallets.", "A call with reporters is set for Thursday.",
    "{org} declined to comment.", "The document has {pct} pages.", "More details follow.",
    "It was first told by a reader in Lisbon.", "The vote was {n} to {pct}.",
    "A spokesman for {org} confirmed it by mail.", "Figures are as of midnight UTC.",
    "The decision can be read on the public register.", "{org} published the same numbers.",
    "The next meeting is in {pct} days.", "Two sources asked not to be named.",
    "The paper is {pct} days old.", "Engineers in Tallinn did the work.",
)  # fmt: skip
"""A last sentence without any tone, so that few articles are word for word the same."""

FOREIGN = (
    ("es", "El equipo de {name} anuncia una mejora de la red para el mes que viene"),
    ("de", "Die Entwickler von {name} verschieben das Update auf nächste Woche"),
    ("fr", "La communauté {name} débat des frais de réseau"),
)
