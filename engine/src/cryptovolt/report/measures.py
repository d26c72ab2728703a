"""All measures of a run beside those of buy and hold, and how sure the main ones are."""

from collections.abc import Callable

from cryptovolt.backtest.run import Run
from cryptovolt.performance.bootstrap import Interval
from cryptovolt.report.tables import cell, table
from cryptovolt.report.text import number, percent
from cryptovolt.research.certainty import MIN_PERIODS, Certainty
from cryptovolt.research.robustness import sampling_of

Form = Callable[[float], str]


def whole(value: float) -> str:
    """Return a count."""
    return number(value, 0)


STATISTICS: tuple[tuple[str, str, Form], ...] = (
    ("total_return", "Total return", percent),
    ("cagr", "Growth per year (per bar)", percent),
    ("volatility", "Volatility per year", percent),
    ("sharpe", "Sharpe ratio per year (per bar)", number),
    ("sortino", "Sortino ratio per year", number),
    ("calmar", "Calmar ratio", number),
    ("max_drawdown", "Largest drawdown (per bar)", percent),
    ("time_under_water", "Bars below an earlier high", percent),
    ("ulcer_index", "Ulcer index", percent),
    ("value_at_risk", "Value at risk, 95 %, per bar", percent),
    ("expected_shortfall", "Expected shortfall, 95 %, per bar", percent),
    ("omega", "Omega ratio", number),
    ("tail_ratio", "Tail ratio", number),
    ("skewness", "Skewness per bar", number),
    ("kurtosis", "Kurtosis per bar (normal = 3)", number),
    ("best_day", "Best day", percent),
    ("worst_day", "Worst day", percent),
    ("positive_months", "Months with a gain", percent),
    ("alpha", "Alpha per year (per bar)", percent),
    ("beta", "Beta (per bar)", number),
    ("correlation", "Correlation with the market", number),
    ("information_ratio", "Information ratio per year", number),
    ("win_rate", "Closed trades with a profit", percent),
    ("profit_factor", "Profit factor", number),
    ("payoff_ratio", "Average win over average loss", number),
    ("expectancy", "Mean profit per closed trade", number),
    ("mean_bars_held", "Mean bars held", number),
    ("longest_losing_streak", "Longest streak of losses", whole),
    ("mean_mae", "Mean largest move against a trade", percent),
    ("mean_mfe", "Mean largest move for a trade", percent),
    ("exposure", "Bars with a position", percent),
    ("turnover", "Turnover per year, × equity", number),
    ("capacity_volume", "Equity at which fills reach their share of volume", whole),
    ("n_trades", "Closed trades", whole),
    ("n_fills", "Fills", whole),
)


def statistics_section(run: Run, hold: Run, certainty: Certainty | None) -> str:
    """Return all measures beside those of buy and hold, and how sure the main ones are."""
    found, base = run.statistics, hold.statistics
    rows = [
        [cell(name), cell(form(found[key])), cell(form(base[key]))]
        for key, name, form in STATISTICS
        if key in found
    ]
    return (
        f"{certainty_section(run, certainty)}<h2>Statistics</h2>"
        f"{table(['Measure', 'This run', 'Buy and hold'], rows)}"
    )


def certainty_section(run: Run, found: Certainty | None) -> str:
    """Return the intervals, or why there are none."""
    head = "<h2>How sure is that?</h2>"
    if found is None:
        return (
            f'{head}<p class="soft">No intervals: they need at least {MIN_PERIODS} days of returns '
            "that vary, and an account that was not ruined.</p>"
        )
    sampling = sampling_of(run)
    rows = [
        _interval(f"Sharpe ratio per year ({sampling})", found.sharpe, number),
        _interval(f"Growth per year ({sampling})", found.cagr, _rounded),
        _interval(f"Largest drawdown ({sampling})", found.max_drawdown, _rounded),
        _interval(f"Alpha per year ({sampling})", found.alpha, _rounded),
    ]
    listed = table(["Measure", "Estimate", "95 % interval"], rows)
    psr = percent(run.statistics["probabilistic_sharpe"], 1)
    unit = "days" if sampling == "daily" else "bars"
    return (
        f'{head}{listed}<p class="soft">Stationary block bootstrap over {found.n_periods:,} '
        f"{unit}. Alpha is what the market does not explain; beta ({sampling}) "
        f"{number(found.beta)}. Probability that the true Sharpe ratio is above 0 (per bar): "
        f"{psr}, if this run was the only one tried. Whoever tried more must expect less.</p>"
    )


def _rounded(value: float) -> str:
    return percent(value, 1)


def _interval(name: str, found: Interval, form: Form) -> list[str]:
    return [
        cell(name),
        cell(form(found.estimate)),
        cell(f"{form(found.low)} to {form(found.high)}"),
    ]
