"""How a history is cut for a walk-forward of a strategy.

One fold, in bars::

    ├──────── train ────────┤ purge ┤ embargo ├── test ──┤
                                                         ├ the next fold's test starts here

The purge leaves out bars whose trades would still be open in the test window, the embargo bars that
are too much like it; nobody is trained or tested on either.
"""

from dataclasses import dataclass

from cryptovolt.domain.errors import ConfigurationError, DataError


@dataclass(frozen=True, slots=True)
class Window:
    """Rows of one fold: train on ``train_start:train_stop``, test on ``test_start:test_stop``."""

    train_start: int
    train_stop: int
    test_start: int
    test_stop: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyWindows:
    """How a history is cut for a walk-forward of a strategy; all in bars.

    Parameters
    ----------
    train : int
        Length of the (first) training window, at least 2.
    test : int
        Length of a test window, at least 1; the last one may be shorter.
    purge, embargo : int, default=0
        Bars between training and test window that belong to neither.
    anchored : bool, default=False
        Train on everything before, instead of on the newest `train` bars.
    """

    train: int
    test: int
    purge: int = 0
    embargo: int = 0
    anchored: bool = False

    def __post_init__(self) -> None:
        if self.train < 2 or self.test < 1 or self.purge < 0 or self.embargo < 0:
            raise ConfigurationError(
                "expected train of at least 2 bars, test of at least 1, purge and embargo of at "
                f"least 0, found {self.train}, {self.test}, {self.purge} and {self.embargo}"
            )

    def split(self, n_bars: int) -> tuple[Window, ...]:
        """Return the folds in order of time; every bar from the first test window on is tested.

        Raises
        ------
        DataError
            If there are too few bars for one fold.
        """
        gap = self.purge + self.embargo
        first = self.train + gap
        if n_bars <= first:
            raise DataError(
                f"expected more than {first} bars for a training window of {self.train} and a gap "
                f"of {gap}, found {n_bars}"
            )
        return tuple(
            Window(
                train_start=0 if self.anchored else start - gap - self.train,
                train_stop=start - gap,
                test_start=start,
                test_stop=min(start + self.test, n_bars),
            )
            for start in range(first, n_bars, self.test)
        )
