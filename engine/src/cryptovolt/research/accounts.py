"""What the account of each combination trades with."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from cryptovolt.domain.costs import Costs
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.trials import Scalar
from cryptovolt.execution.settings import TradingSettings
from cryptovolt.research.target_maker import TargetMaker

COST_SETTINGS = frozenset(field.name for field in fields(Costs))
SETTINGS = frozenset(field.name for field in fields(TradingSettings)) | COST_SETTINGS
"""What of an account a keyword may name."""

SINGLE_SETTINGS = SETTINGS - {"costs", "protections"}
"""What of an account a combination may name."""


@dataclass(frozen=True, slots=True, eq=False)
class Accounts:
    """The settings of every account, where its combination says nothing else.

    Parameters
    ----------
    trading : TradingSettings
        Of the account of a function, and cash and costs of that of a strategy.
    changes : mapping of str to object or None
        Single settings that were given beside a strategy: its account trades with what the
        strategy asks for, changed by these. None where `trading` holds for strategies as well.
    """

    trading: TradingSettings
    changes: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, trading: TradingSettings | None, settings: Mapping[str, Any]) -> "Accounts":
        """Return them from an object, from keywords, or from an object changed by keywords.

        Raises
        ------
        ConfigurationError
            If a keyword is no setting, or outside its range.
        """
        changed = _changed(trading or TradingSettings(), settings)
        return cls(changed, dict(settings) if trading is None else None)

    def settings_of(self, combination: Mapping[str, Scalar], maker: TargetMaker) -> TradingSettings:
        """Return the settings of the account that trades a combination.

        Raises
        ------
        CryptoVoltError
            If one is outside its range, or the strategy refuses its parameters.
        """
        base = self.trading
        if maker.strategy is not None and self.changes is not None:
            own = maker.own(combination)
            asked = maker.strategy.trading_settings(own, base.cash, base.costs)
            base = _changed(asked, self.changes)
        single = {name: value for name, value in combination.items() if name in SINGLE_SETTINGS}
        return _changed(base, single) if single else base

    def said(self) -> str:
        """Return them as text, for a fingerprint."""
        return f"{self.trading!r}{self.changes or ''}"


def _changed(base: TradingSettings, settings: Mapping[str, Any]) -> TradingSettings:
    unknown = [name for name in settings if name not in SETTINGS]
    if unknown:
        raise ConfigurationError(
            f"unknown setting {', '.join(unknown)}: an account has {', '.join(sorted(SETTINGS))}"
        )
    given = {name: value for name, value in settings.items() if name not in COST_SETTINGS}
    costs = given.pop("costs", None) or base.costs
    single = {name: value for name, value in settings.items() if name in COST_SETTINGS}
    return replace(base, **given, costs=replace(costs, **single))
