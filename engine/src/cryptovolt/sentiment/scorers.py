"""One door to every scorer: by name, or from the folder it was saved in."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from cryptovolt.domain.errors import ConfigurationError, ModelError
from cryptovolt.domain.ports import TextScorer
from cryptovolt.sentiment.ensemble import FORMAT, EnsembleScorer
from cryptovolt.sentiment.scorer import LexiconScorer
from cryptovolt.sentiment.transformer_files import CONFIG_FILE, MANIFEST_FILE, inside, read_manifest


def load_scorer(name_or_folder: str | Path) -> TextScorer:
    """Return a scorer.

    Parameters
    ----------
    name_or_folder : str or Path
        ``"lexicon"``; ``"vader"``, which is plain VADER for comparison; or a folder with a
        ``manifest.json`` of the kind linear, transformer or ensemble. A transformer's folder
        without a manifest is read as it is.

    Raises
    ------
    ConfigurationError
        If it is neither a name nor a folder.
    ModelError
        If the folder's content is missing, changed or of an unknown kind.
    """
    built_in = _BUILT_IN.get(str(name_or_folder))
    if built_in is not None:
        return built_in()
    folder = Path(name_or_folder)
    if not folder.is_dir():
        raise ConfigurationError(
            f"expected {' or '.join(_BUILT_IN)} or the folder of a scorer, found {folder}"
        )
    return _load_folder(folder, _KINDS)


def _load_folder(folder: Path, kinds: Mapping[str, Callable[[Path], TextScorer]]) -> TextScorer:
    if not (folder / MANIFEST_FILE).exists() and (folder / CONFIG_FILE).exists():
        return _load_transformer(folder)
    kind = read_manifest(folder).get("kind")
    load = kinds.get(str(kind))
    if load is None:
        raise ModelError(
            f"expected a scorer of kind {', '.join(kinds)} in {folder}, found {kind!r}"
        )
    return load(folder)


def _load_linear(folder: Path) -> TextScorer:
    # Its training needs much that a start of the program does not.
    from cryptovolt.sentiment.linear import LinearScorer  # noqa: PLC0415

    return LinearScorer.load(folder)


def _load_transformer(folder: Path) -> TextScorer:
    from cryptovolt.sentiment.transformer import TransformerScorer  # noqa: PLC0415

    return TransformerScorer.load(folder)


def _load_ensemble(folder: Path) -> TextScorer:
    manifest = read_manifest(folder)
    entries = manifest.get("members")
    if manifest.get("format") != FORMAT or not isinstance(entries, list) or not entries:
        raise ModelError(f"expected an ensemble of the format {FORMAT} in {folder}, found another")
    members: list[TextScorer] = []
    weights: list[float] = []
    for entry in cast("list[object]", entries):
        member, weight = _load_member(folder, entry)
        members.append(member)
        weights.append(weight)
    ensemble = EnsembleScorer(tuple(members), tuple(weights))
    if manifest.get("hash") != ensemble.hash:
        raise ModelError(
            f"expected the ensemble in {folder} as it was saved, found other members or weights"
        )
    return ensemble


def _load_member(folder: Path, entry: object) -> tuple[TextScorer, float]:
    if not isinstance(entry, dict):
        raise ModelError(
            f"expected members with name, hash and weight in {folder}, found {entry!r}"
        )
    stated = cast("dict[str, Any]", entry)
    weight = stated.get("weight")
    if not isinstance(weight, int | float) or not weight >= 0.0:
        raise ModelError(f"expected a weight of at least 0 for a member, found {weight!r}")
    place = stated.get("folder")
    if place is None:
        member = _built_in_named(str(stated.get("name")))
    else:
        # Members do not hold members: a folder cannot lead in a circle.
        at = inside(folder, f"{place}/{MANIFEST_FILE}").parent
        member = _load_folder(at, {kind: _KINDS[kind] for kind in ("linear", "transformer")})
    if member.hash != stated.get("hash"):
        raise ModelError(
            f"expected the member {member.name} with the hash {str(stated.get('hash'))[:16]} in "
            f"{folder}, found {member.hash[:16]}; fit the ensemble again"
        )
    return member, float(weight)


def _built_in_named(name: str) -> TextScorer:
    for make in _BUILT_IN.values():
        scorer = make()
        if scorer.name == name:
            return scorer
    raise ModelError(f"expected a built-in scorer or a folder for the member {name!r}, found none")


def _plain_vader() -> TextScorer:
    return LexiconScorer(plain=True)


_BUILT_IN: Mapping[str, Callable[[], TextScorer]] = MappingProxyType(
    {"lexicon": LexiconScorer, "vader": _plain_vader}
)
_KINDS: Mapping[str, Callable[[Path], TextScorer]] = MappingProxyType(
    {"linear": _load_linear, "transformer": _load_transformer, "ensemble": _load_ensemble}
)
