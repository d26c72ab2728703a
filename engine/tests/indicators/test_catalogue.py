"""How many bars an indicator needs, as numbers."""

import inspect
import re

import pytest

from cryptovolt import indicators
from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.indicators.library import describe
from cryptovolt.indicators.library import names as talib_names
from cryptovolt.indicators.settling import settled_after


@pytest.mark.parametrize(
    ("name", "parameters", "undefined"),
    [
        ("sma", {"timeperiod": 20}, 19),
        ("ema", {}, 29),
        ("macd", {}, 33),
        ("macd", {"slowperiod": 50, "signalperiod": 5}, 53),
        ("rsi", {"timeperiod": 7}, 7),
        ("adx", {}, 27),
        ("obv", {}, 0),
        ("vwap", {"timeperiod": 20}, 19),
        ("vwap", {}, 0),
        ("ichimoku", {}, 77),
        ("ease_of_movement", {}, 14),
        ("hurst", {"timeperiod": 200}, 199),
        ("volume_profile", {"timeperiod": 50}, 49),
        ("keltner", {"atrperiod": 40}, 40),
    ],
)
def test_the_undefined_rows_follow_the_parameters(
    name: str, parameters: dict[str, float], undefined: int
) -> None:
    assert indicators.lookback(name, **parameters) == undefined


@pytest.mark.parametrize(
    ("name", "parameters", "bars"),
    [
        # a window needs itself
        ("sma", {"timeperiod": 20}, 20),
        ("donchian", {}, 20),
        ("vwap", {"timeperiod": 20}, 20),
        ("vwap", {"timeframe": "1h"}, 24),
        ("vwap", {"timeframe": "5m", "session": "1w"}, 2016),
        ("ichimoku", {"displacement": 0}, 52),
        # (1 - 2/31)^415 is the first power below 1e-12
        ("ema", {}, 29 + 1 + 415),
        # and (1 - 1/14)^373 likewise
        ("rsi", {}, 14 + 1 + 373),
        ("heikin_ashi", {}, 1 + 40),
        # the slower of its two averages
        ("keltner", {}, 19 + 1 + 277),
        ("keltner", {"atrperiod": 14}, 14 + 1 + 373),
        ("ema", {"timeperiod": 1}, 1),
        # the sum of all volume never ends
        ("obv", {}, None),
        ("vwap", {}, None),
        ("anchored_vwap", {}, None),
        ("sar", {"acceleration": 0.0}, None),
    ],
)
def test_the_warm_up_follows_the_memory(
    name: str, parameters: dict[str, float | str], bars: int | None
) -> None:
    assert indicators.warmup(name, **parameters) == bars


@pytest.mark.parametrize(("alpha", "n_bars"), [(0.5, 40), (1.0, 1), (0.25, 97)])
def test_an_average_settles_when_its_start_weighs_a_millionth_of_a_millionth(
    alpha: float, n_bars: int
) -> None:
    assert settled_after(alpha) == n_bars


def test_averages_of_averages_forget_more_slowly() -> None:
    counts = [settled_after(0.1, stages) or 0 for stages in range(1, 7)]
    assert counts == sorted(set(counts))
    assert settled_after(0.0) is None


@pytest.mark.parametrize("function", [indicators.lookback, indicators.warmup])
def test_unknown_names_and_parameters_are_refused(function: object) -> None:
    assert callable(function)
    with pytest.raises(ConfigurationError, match="name of an indicator, found 'holy_grail'"):
        function("holy_grail")
    sentence = "expected parameters of ['timeperiod'] for rsi, found ['length']"
    with pytest.raises(ConfigurationError, match=re.escape(sentence)):
        function("rsi", length=14)
    with pytest.raises(ConfigurationError, match="TA-Lib's SMA accepts"):
        function("sma", timeperiod=0)


@pytest.mark.parametrize("name", sorted(set(indicators.__all__) & talib_names() - {"vwap"}))
def test_typed_functions_have_talibs_parameters_and_defaults(name: str) -> None:
    parameters = inspect.signature(getattr(indicators, name)).parameters.values()
    defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
    assert defaults == dict(describe(name)["parameters"])
