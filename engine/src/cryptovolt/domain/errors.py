"""Errors raised on purpose by CryptoVolt.

Every message says what was expected, what was found and, where it helps, what to do.

::

    CryptoVoltError
    ├── DataError                 the data given cannot be used; nothing was changed
    │   ├── GapError              bars are missing where none may be
    │   └── BadBarError           a bar contradicts itself (high < low, NaN, volume < 0)
    ├── ConfigurationError        the numbers given make no sense; refuse to start
    │   └── StrategyError         a strategy cannot be loaded or run as it is written
    │       └── LookAheadError    its decisions change with bars that come later; it does not trade
    ├── ModelError                a model cannot be trained, read or asked; it casts no vote
    ├── OrderError
    │   ├── InvalidTransitionError    an order cannot go from this state to that one
    │   └── VenueRejectedError        the exchange said no; do not retry
    └── TransientError            try again later (timeout, rate limit)

A veto by the risk rules is an answer, not an error: see :mod:`cryptovolt.risk`.
"""


class CryptoVoltError(Exception):
    """Base of every error raised on purpose by CryptoVolt."""


class DataError(CryptoVoltError):
    """The data given cannot be used; nothing was changed."""


class GapError(DataError):
    """Bars are missing where none may be."""


class BadBarError(DataError):
    """A bar contradicts itself."""


class ConfigurationError(CryptoVoltError):
    """The numbers given make no sense; refuse to start."""


class StrategyError(ConfigurationError):
    """A strategy cannot be loaded or run as it is written."""


class LookAheadError(StrategyError):
    """Decisions change with bars that come later; the strategy does not trade."""


class ModelError(CryptoVoltError):
    """A model cannot be trained, read or asked; it casts no vote."""


class OrderError(CryptoVoltError):
    """Something is wrong with one order; others go on."""


class InvalidTransitionError(OrderError):
    """An order cannot go from this state to that one."""


class VenueRejectedError(OrderError):
    """The exchange said no; do not retry."""


class TransientError(CryptoVoltError):
    """Try again later: a timeout, a rate limit, a service that is down."""
