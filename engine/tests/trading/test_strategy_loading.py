"""Strategies from files and packages, with parameters; every mistake is one sentence."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cryptovolt.domain.errors import StrategyError
from cryptovolt.trading.hybrid import HybridStrategy
from cryptovolt.trading.strategy import warmup_of
from cryptovolt.trading.strategy_loading import (
    ENTRY_POINTS,
    load_strategy,
    make_strategy,
    parameters_in,
    parameters_of,
    read_parameters,
)

GOOD = "class Good:\n    warmup = 3\n    def target(self, history):\n        return history.close\n"


def written(folder: Path, text: str, name: str = "mine.py") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_file_with_one_strategy_needs_no_name(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    assert type(load_strategy(str(path))).__name__ == "Good"
    assert type(load_strategy(f"{path}:Good")).__name__ == "Good"


def test_a_file_that_was_changed_is_read_again(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    assert load_strategy(f"{path}:Good").warmup == 3
    written(tmp_path, GOOD.replace("3", "4"))
    assert load_strategy(f"{path}:Good").warmup == 4
    assert not (tmp_path / "__pycache__").exists()


def test_a_file_may_use_one_that_lies_beside_it(tmp_path: Path) -> None:
    written(tmp_path, "LENGTH = 7\n", "beside_strategy.py")
    text = "from beside_strategy import LENGTH\n" + GOOD.replace("= 3", "= LENGTH")
    assert load_strategy(f"{written(tmp_path, text)}:Good").warmup == 7


FILES = [
    # text, what is asked for, what is said
    (GOOD, "Bad", r"expected a class Bad in .*mine\.py, found none; strategies there: Good"),
    ("x = 1\n", "", r"expected one strategy in .*mine\.py, found none"),
    (GOOD + GOOD.replace("Good", "Other"), "", r"found Good, Other; name one as .*mine\.py:Name"),
    ("class Good:\n    pass\n", "Good", r"mine\.py:1: expected Good to have target\(history\)"),
    ("def f(:\n", "Good", r"mine\.py:1: invalid syntax"),
    ("\nimport nothing_like_it\n", "Good", r"mine\.py:2: loading it raised ModuleNotFoundError"),
    (
        GOOD.replace("    warmup = 3\n", ""),
        "Good",
        r"mine\.py:2: Good\.target: expected an attribute warmup",
    ),
    (
        GOOD.replace("3", "'three'"),
        "Good",
        r"expected warmup as a count of bars from 0 to 1,000,000, found 'three'",
    ),
    (
        GOOD + "    def orders(self, history, account):\n        return []\n",
        "Good",
        r"expected Good to have either target\(history\) or .*, found both",
    ),
    (
        GOOD + "    def __init__(self):\n        self.x = {}['y']\n",
        "Good",
        r"mine\.py:6: Good\.__init__ raised KeyError: 'y'",
    ),
    (
        GOOD.replace(
            "    warmup = 3\n", "    @property\n    def warmup(self):\n        return 1 / 0\n"
        ),
        "Good",
        r"mine\.py:4: Good\.\w+ raised ZeroDivisionError: division by zero",
    ),
]


@pytest.mark.parametrize(("text", "name", "said"), FILES)
def test_what_is_wrong_with_a_file_is_one_sentence(
    tmp_path: Path, text: str, name: str, said: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(StrategyError, match=said) as caught:
        load_strategy(f"{path}:{name}" if name else str(path))
    assert "\n" not in str(caught.value)


def test_a_file_or_an_installed_strategy_that_is_not_there() -> None:
    with pytest.raises(StrategyError, match=r"expected a strategy file at no/such\.py, found none"):
        load_strategy("no/such.py:Mine")
    with pytest.raises(StrategyError, match=r"one of the installed hybrid.*found 'none_such'"):
        load_strategy("none_such")


def test_installed_packages_offer_strategies(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    described = tmp_path / "mixture-1.0.dist-info"
    described.mkdir()
    written(described, "Metadata-Version: 2.1\nName: mixture\nVersion: 1.0\n", "METADATA")
    module = "cryptovolt.trading.hybrid"
    offers = f"mixed = {module}:HybridStrategy\ngone = {module}:NoSuchClass\n"
    offers += f"number = {module}:WARMUP\n"
    written(described, f"[{ENTRY_POINTS}]\n{offers}", "entry_points.txt")
    monkeypatch.syspath_prepend(tmp_path)
    assert isinstance(load_strategy("mixed"), HybridStrategy)
    with pytest.raises(StrategyError, match=r"expected .*:NoSuchClass to be installed, found"):
        load_strategy("gone")
    with pytest.raises(StrategyError, match=r"expected .*:WARMUP to be a strategy's class"):
        load_strategy("number")


class Attributes:
    fast: int = 10
    share: float = 0.5
    short: bool = False
    label: str = "a"
    model: str | None = None
    _hidden = 1
    settings = {"stop_loss": 0.1}  # noqa: RUF012

    @property
    def warmup(self) -> int:
        return 4 * self.fast

    def target(self, history: Any) -> Any:
        return history.close


class Constructed:
    warmup = 5

    def __init__(self, needed: int, length: int = 20) -> None:
        self.length = length + needed

    def target(self, history: Any) -> Any:
        return history.close


@dataclass(frozen=True)
class Frozen:
    length: int = 20
    warmup: int = 60

    def target(self, history: Any) -> Any:
        return history.close


def test_parameters_are_plain_class_attributes_and_arguments_with_a_default() -> None:
    assert parameters_of(Attributes) == {
        "fast": 10,
        "share": 0.5,
        "short": False,
        "label": "a",
        "model": None,
    }
    assert parameters_of(Constructed) == {"warmup": 5, "length": 20}
    assert parameters_of(Frozen) == {"length": 20, "warmup": 60}


def test_texts_become_what_the_default_is() -> None:
    texts = read_parameters(["fast=7", "share = 1", "short=true", "label=12", "model=None"])
    made = make_strategy(Attributes, texts)
    assert parameters_in(made) == {
        "fast": 7,
        "share": 1,
        "short": True,
        "label": "12",
        "model": None,
    }
    assert Attributes.fast == 10
    assert warmup_of(made) == 28
    assert make_strategy(Constructed, {"needed": "3", "length": "4"}).length == 7
    assert make_strategy(Frozen, {"length": "3"}) == Frozen(length=3)


WRONG = [
    # parameters, what is said
    ({"slow": 3}, "expected parameters of Attributes among fast, label, .*, found slow"),
    ({"fast": "x"}, "expected fast as int like 10, found 'x'"),
    ({"fast": 1.5}, "expected fast as int like 10, found 1.5"),
    ({"fast": True}, "expected fast as int like 10, found True"),
    ({"share": "no"}, "expected share as float like 0.5, found 'no'"),
    ({"short": "1"}, "expected short as bool like False, found 1"),
]


@pytest.mark.parametrize(("parameters", "said"), WRONG)
def test_a_wrong_parameter_is_refused(parameters: dict[str, object], said: str) -> None:
    with pytest.raises(StrategyError, match=said):
        make_strategy(Attributes, parameters)


def test_a_missing_argument_and_texts_without_sense_are_refused() -> None:
    with pytest.raises(StrategyError, match=r"Constructed\.__init__ raised TypeError: .*needed"):
        make_strategy(Constructed, {})
    with pytest.raises(StrategyError, match="expected a parameter as name=value, found 'fast'"):
        read_parameters(["fast"])
    with pytest.raises(StrategyError, match="expected every parameter once, found fast twice"):
        read_parameters(["fast=1", "fast=2"])
