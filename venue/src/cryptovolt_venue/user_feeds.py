"""What an account is told: a feed per account and market, with those who listen."""

from collections import defaultdict, deque
from collections.abc import Callable
from typing import TypeAlias

from cryptovolt_venue.floor import Frame
from cryptovolt_venue.tape import Market

Listener: TypeAlias = Callable[[Frame], None]
REMEMBERED = 1000


class UserFeed:
    """The events of one account in one market, and who hears them."""

    def __init__(self) -> None:
        self.recent: deque[Frame] = deque(maxlen=REMEMBERED)
        self._listeners: list[Listener] = []

    @property
    def n_listeners(self) -> int:
        """How many hear it."""
        return len(self._listeners)

    def push(self, frame: Frame) -> None:
        """Tell everybody who listens."""
        self.recent.append(frame)
        for listener in list(self._listeners):
            listener(frame)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Hear events from now on; call the answer to end it."""
        self._listeners.append(listener)

        def end() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return end


class UserFeeds:
    """The feeds of all accounts."""

    def __init__(self) -> None:
        self._feeds: dict[tuple[str, Market], UserFeed] = defaultdict(UserFeed)

    def of(self, account: str, market: Market) -> UserFeed:
        """Return the feed of an account in a market."""
        return self._feeds[account, market]

    def publish(self, account: str, market: Market, frame: Frame) -> None:
        """Tell an account something."""
        self._feeds[account, market].push(frame)
