"""Words that decide whether an ambiguous word is a coin, and the currencies pairs are quoted in."""

import re

WORD = re.compile(r"[^\W_]+")
"""A run of letters and digits."""

STABLE_QUOTES = ("USDT", "USDC", "BUSD", "FDUSD", "TUSD")
COIN_QUOTES = ("BTC", "ETH", "BNB", "SOL")
"""Quotes that are subjects themselves: a text about ETH/BTC is about both."""

WRITTEN_TOGETHER = ("USD", "EUR", "GBP", "JPY", "KRW", "BTC", "XBT", "ETH", "BNB")
"""Further quotes of pairs written in one word, such as ETHBTC."""

FURTHER_QUOTES = tuple("DAI USDE PYUSD TRY BRL AUD CAD CHF RUB INR UAH PERP".split())  # noqa: SIM905
QUOTES = frozenset((*STABLE_QUOTES, *COIN_QUOTES, *WRITTEN_TOGETHER, *FURTHER_QUOTES))
"""What may stand behind the stroke or dash of a pair."""

LOWER_QUOTES = frozenset((*STABLE_QUOTES, "USD", "BTC", "ETH"))
"""Quotes that make a pair in small letters too; "one-try" is none."""

CONTEXT = frozenset(
    """
    crypto cryptos cryptocurrency cryptocurrencies token tokens coin coins altcoin altcoins alts
    altseason memecoin memecoins stablecoin stablecoins blockchain blockchains onchain defi dex
    cex nft nfts web3 dao daos metaverse staking staked stake restaking validator validators
    wallet wallets mainnet testnet airdrop airdrops hodl hodling hodler hodlers tvl layer1 layer2
    l1 l2 rollup rollups zk sats satoshi halving whale whales bullish bearish pump pumping dump
    dumping rekt binance coinbase kraken bybit okx kucoin bitfinex bitstamp uniswap metamask
    phantom coingecko coinmarketcap tokenomics smartcontract smartcontracts
    """.split()  # noqa: SIM905 - a column of words reads better than a list of strings
)
"""One of these in a text says that it is about crypto."""

COIN_NOUNS = frozenset(
    """
    token tokens coin coins price holder holders chart army staking chain network protocol
    ecosystem bag bags usdt usd mainnet community
    """.split()  # noqa: SIM905
)
"""Behind a word, they make it a coin: "the LINK token"."""

NOT_BEFORE = frozenset(
    """
    a an the this that these those my your his her its our their no not any every each one
    only just number to in click tap via please and/or another which what all such so too very
    wasnt isnt dont cant
    """.split()  # noqa: SIM905
)
"""Before a word in capitals, they make it a word with emphasis: "only ONE", "to WIN"."""

NOT_AFTER = frozenset(
    """
    of thing things day days more time times month months year years week weeks person people
    guy man bio below here reason way word question big crypto cryptocurrency
    """.split()  # noqa: SIM905
)
"""Behind a word in capitals, they make it a word with emphasis: "ONE thing"."""

ACRONYMS = frozenset(
    """
    ETF ETFS ATH ATHS ATL USD USDT EUR TVL TA RSI MACD EMA DCA NFT NFTS DEFI AI CEO SEC US EU UK
    UTC DEX CEX DAO TVL FUD FOMO HODL ICO IPO ROI P2E L1 L2 TP SL OTC PERP APY APR YTD
    """.split()  # noqa: SIM905
)
"""Capitals beside a ticker that are no sign of shouting."""
