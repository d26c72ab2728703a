"""Limits, sizing and protections. A veto is a value, never an exception."""

from cryptovolt.risk.limits import (
    PRE_TRADE_LIMITS,
    AccountState,
    Breach,
    OrderIntent,
    RiskLimits,
    check,
)
from cryptovolt.risk.sizing import VOLATILITY_VETO, sizes, volatility_veto
from cryptovolt.risk.volatility import VOLATILITY_WARMUP, Volatility, realised_volatility

__all__ = [
    "PRE_TRADE_LIMITS",
    "VOLATILITY_VETO",
    "VOLATILITY_WARMUP",
    "AccountState",
    "Breach",
    "OrderIntent",
    "RiskLimits",
    "Volatility",
    "check",
    "realised_volatility",
    "sizes",
    "volatility_veto",
]
