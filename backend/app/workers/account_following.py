"""Follows exchange accounts as a long-running task: the parts are chosen and put together here."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random, SystemRandom

from pydantic import SecretStr

from app.adapters.account_rest import AccountRest
from app.adapters.account_stream import AccountStream
from app.adapters.market_stream_pace import CONNECTIONS_PER_MINUTE, ConnectionPace
from app.core.venue import Market, source_name
from app.repositories.account_rows import Place
from app.services.account_follow import AccountFollower
from app.services.account_ports import FollowOptions
from app.services.rate_budget import Priority
from app.wiring import exchange_options
from cryptovolt.domain.errors import ConfigurationError

LONGEST_NAME = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOptions:
    """Which account is followed; `name` is what its rows carry."""

    name: str
    api_key: SecretStr
    secret: SecretStr
    markets: tuple[Market, ...] = (Market.SPOT,)
    follow: FollowOptions = field(default_factory=FollowOptions)
    connections_per_minute: int = CONNECTIONS_PER_MINUTE
    hurry: float = 1.0
    """Waits before a connection are divided by it: for a loopback venue that runs fast."""

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= LONGEST_NAME or not self.name.isprintable():
            raise ConfigurationError(
                f"expected a name of 1 to {LONGEST_NAME} characters, found {self.name!r}"
            )


async def follow_account(
    options: AccountOptions,
    stopping: asyncio.Event,
    ready: Callable[[AccountFollower], object] = lambda _: None,
) -> None:
    """Follow an account in every market it names, until asked to stop.

    `ready` is told of each follower before its first connection is opened.

    Raises
    ------
    ExceptionGroup
        With a ConfigurationError if another process follows the account.
    """
    pace = ConnectionPace(time.monotonic, options.connections_per_minute)
    random: Random = SystemRandom()
    async with asyncio.TaskGroup() as group:
        for market in options.markets:
            follower = connect(market, options, pace, random)
            ready(follower)
            group.create_task(follower.run(stopping))


def connect(
    market: Market, options: AccountOptions, pace: ConnectionPace, random: Random
) -> AccountFollower:
    """Return the follower of an account in one market, whose stream is not open yet."""
    exchange = replace(
        exchange_options(market, Priority.TRADING),
        api_key=options.api_key.get_secret_value(),
        secret=options.secret.get_secret_value(),
    )
    follower = AccountFollower(Place(options.name, source_name(market)), options.follow)
    stream = AccountStream(exchange, follower, pace, random, options.hurry)
    follower.attach(AccountRest(stream.exchange, market, stream.source), stream)
    return follower
