"""Strategies from a file (``mine.py:Mine``) or from an installed package, with parameters set.

Parameters are what a strategy's constructor takes with a default, and its public class attributes
that are a number, a text, a truth value or None. A sweep sets them by name; so does a command line,
as texts. Of the hybrid strategy also the nested ones, such as ``weights.ml``; see
:mod:`cryptovolt.trading.hybrid_parameters`.
"""

import inspect
import sys
from collections.abc import Iterable, Mapping
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, cast

from cryptovolt.domain.errors import StrategyError
from cryptovolt.trading.hybrid import HybridStrategy
from cryptovolt.trading.hybrid_parameters import OWN_NAMES, nested_parameters, with_nested
from cryptovolt.trading.strategy import METHODS, Strategy, calling, check_strategy

ENTRY_POINTS = "cryptovolt.strategies"
"""Group of entry points under which installed packages offer strategies."""

Parameter = bool | int | float | str | None
_PLAIN = (bool, int, float, str, type(None))


def load_strategy(name: str, parameters: Mapping[str, object] | None = None) -> Strategy:
    """Return a strategy by name.

    Parameters
    ----------
    name : str
        ``"path/to/mine.py:Mine"``, ``"path/to/mine.py"`` where that file holds one strategy, the
        name of an entry point in the group ``cryptovolt.strategies``, or ``"hybrid"``.
    parameters : mapping of str to object, optional
        Set by name; texts are read as the type of the default.

    Raises
    ------
    StrategyError
        If it cannot be found, loaded or made.
    """
    return make_strategy(find_strategy(name), parameters or {})


def find_strategy(name: str) -> type:
    """Return the class of a strategy by name; see :func:`load_strategy`."""
    path, _, wanted = name.rpartition(":")
    if name.endswith(".py"):
        path, wanted = name, ""
    if path.endswith(".py"):
        return _from_file(Path(path), wanted)
    return _from_entry_point(name)


def parameters_of(strategy: type) -> dict[str, Any]:
    """Return the parameters of a strategy's class and their defaults."""
    found = {
        name: value
        for owner in reversed(strategy.__mro__)
        for name, value in vars(owner).items()
        if not name.startswith("_") and isinstance(value, _PLAIN)
    }
    for parameter in _constructor(strategy):
        if parameter.default is not parameter.empty:
            found[parameter.name] = parameter.default
    if issubclass(strategy, HybridStrategy):
        needs = any(one.default is one.empty for one in _constructor(strategy))
        own = {name: value for name, value in found.items() if name not in OWN_NAMES}
        return {**own, **nested_parameters(HybridStrategy() if needs else strategy())}
    return found


def parameters_in(strategy: Strategy) -> dict[str, Any]:
    """Return what an instance's parameters are set to, as far as they are plain values."""
    kind = cast("type[Any]", type(strategy))
    values = {name: getattr(strategy, name, None) for name in parameters_of(kind)}
    if isinstance(strategy, HybridStrategy):
        values |= nested_parameters(strategy)
    return {name: value for name, value in values.items() if isinstance(value, _PLAIN)}


def make_strategy(strategy: type, parameters: Mapping[str, object]) -> Strategy:
    """Return an instance with the parameters set.

    Raises
    ------
    StrategyError
        If a parameter is unknown or of another type, one without a default is missing, or the
        constructor refuses.
    """
    defaults = parameters_of(strategy)
    taken = {parameter.name for parameter in _constructor(strategy)}
    _refuse_unknown(strategy, parameters, {*defaults, *taken})
    hybrid = issubclass(strategy, HybridStrategy)
    nested = {
        name: value
        for name, value in parameters.items()
        if hybrid and name in nested_parameters(HybridStrategy())
    }
    values = {
        name: _as_default(name, value, defaults.get(name))
        for name, value in parameters.items()
        if name not in nested
    }
    made: Any = cast("Any", strategy).__new__(strategy)
    with calling(strategy, "__init__"):
        # Before the constructor, which may compute the warm-up from them.
        for name in values.keys() - taken:
            setattr(made, name, values[name])
        made.__init__(**{name: value for name, value in values.items() if name in taken})
    if nested:
        made = with_nested(made, nested, _as_default)
    check_strategy(made)
    return made


def _refuse_unknown(strategy: type, names: Iterable[str], known: set[str]) -> None:
    unknown = [name for name in names if name not in known]
    if unknown:
        if issubclass(strategy, HybridStrategy):
            known = known - set(OWN_NAMES)
        raise StrategyError(
            f"expected parameters of {strategy.__name__} among "
            f"{', '.join(sorted(known)) or 'none'}, found {', '.join(unknown)}"
        )


def read_parameters(texts: list[str]) -> dict[str, object]:
    """Return parameters given as ``name=value``, values still texts.

    Raises
    ------
    StrategyError
        If a text has no ``=`` or a name is given twice.
    """
    found: dict[str, object] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise StrategyError(f"expected a parameter as name=value, found {text!r}")
        if name.strip() in found:
            raise StrategyError(f"expected every parameter once, found {name.strip()} twice")
        found[name.strip()] = value.strip()
    return found


def _constructor(strategy: type) -> list[inspect.Parameter]:
    if strategy.__init__ is object.__init__:
        return []
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [one for one in inspect.signature(strategy).parameters.values() if one.kind in kinds]


def _as_default(name: str, value: object, default: object) -> object:
    if isinstance(value, str) and not isinstance(default, str):
        value = _read(name, value, default)
    if isinstance(default, bool) or default is None:
        fits = default is None or isinstance(value, bool)
    elif isinstance(default, int):
        fits = isinstance(value, int) and not isinstance(value, bool)
    elif isinstance(default, float):
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    else:
        fits = not isinstance(default, str) or isinstance(value, str)
    if not fits:
        kind = type(default).__name__
        raise StrategyError(f"expected {name} as {kind} like {default!r}, found {value!r}")
    return value


def _read(name: str, text: str, default: object) -> object:
    words: dict[str, object] = {"true": True, "false": False, "none": None}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    if default is None:
        return text
    raise StrategyError(
        f"expected {name} as {type(default).__name__} like {default!r}, found {text!r}"
    )


class _FreshLoader(SourceFileLoader):
    """Reads the source each time: compiled copies are told apart by whole seconds only."""

    def get_code(self, fullname: str) -> CodeType:
        """Return the compiled source."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def _from_file(path: Path, wanted: str) -> type:
    if not path.is_file():
        raise StrategyError(f"expected a strategy file at {path}, found none")
    module = _module(path)
    own = {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == module.__name__
    }
    decide = {name: value for name, value in own.items() if _decides(value)}
    listed = ", ".join(decide) or "none"
    if not wanted:
        if len(decide) != 1:
            raise StrategyError(
                f"expected one strategy in {path}, found {listed}; name one as {path}:Name"
            )
        return next(iter(decide.values()))
    if wanted not in own:
        raise StrategyError(
            f"expected a class {wanted} in {path}, found none; strategies there: {listed}"
        )
    if wanted not in decide:
        line = inspect.getsourcelines(own[wanted])[1]
        raise StrategyError(
            f"{path}:{line}: expected {wanted} to have target(history) or "
            "orders(history, account), found neither"
        )
    return decide[wanted]


def _module(path: Path) -> ModuleType:
    name = f"cryptovolt_strategy_{path.stem}"
    spec = spec_from_loader(name, _FreshLoader(name, str(path)))
    module = module_from_spec(cast("ModuleSpec", spec))
    # Dataclasses look their module up, and files beside a strategy are its own.
    sys.modules[name] = module
    folder = str(path.parent.resolve())
    sys.path.insert(0, folder)
    try:
        cast("Any", module.__loader__).exec_module(module)
    except SyntaxError as error:
        raise StrategyError(f"{error.filename}:{error.lineno}: {error.msg}") from error
    except Exception as error:
        raise StrategyError(_told(path, error)) from error
    finally:
        sys.path.remove(folder)
    return module


def _told(path: Path, error: Exception) -> str:
    line, traceback = 1, error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == str(path):
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return f"{path}:{line}: loading it raised {type(error).__name__}: {error}"


def _decides(found: type) -> bool:
    methods = any(callable(getattr(found, name, None)) for name in METHODS)
    return methods or issubclass(found, HybridStrategy)


def _from_entry_point(name: str) -> type:
    if name == "hybrid":
        return HybridStrategy
    installed: dict[str, EntryPoint] = {one.name: one for one in entry_points(group=ENTRY_POINTS)}
    if name not in installed:
        raise StrategyError(
            f"expected a strategy as file.py:Class, or one of the installed "
            f"{', '.join(['hybrid', *installed])}, found {name!r}"
        )
    try:
        found = installed[name].load()
    except (ImportError, AttributeError) as error:
        raise StrategyError(
            f"expected {installed[name].value} to be installed, found {error}"
        ) from error
    if not isinstance(found, type) or not _decides(found):
        raise StrategyError(f"expected {installed[name].value} to be a strategy's class")
    return found
