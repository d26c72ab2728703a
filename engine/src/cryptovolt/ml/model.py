"""Models of every kind behind one face: how they are trained, stored and read again.

A stored model is a folder with ``manifest.json`` and the files it names. The manifest is canonical
JSON (sorted keys, UTF-8): format, kind, columns, calibration, settings, what the training rows were
like, where they came from, library versions and the SHA-256 of every file. All hashes are checked
before anything is parsed, and nothing that is read can execute.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np

from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.errors import ModelError
from cryptovolt.domain.ports import Forecaster, Model
from cryptovolt.ml.calibration import Calibration

MANIFEST_FILE = "manifest.json"

# Format to the module that reads it with its function `read_stored`.
_READERS: Mapping[str, str] = {
    "cryptovolt-xgboost/1": "cryptovolt.ml.xgboost_classifier",
    "cryptovolt-xgboost/2": "cryptovolt.ml.xgboost_classifier",
    "cryptovolt-lightgbm/1": "cryptovolt.ml.lightgbm_classifier",
    "cryptovolt-linear/1": "cryptovolt.ml.linear_classifier",
    "cryptovolt-lstm/1": "cryptovolt.ml.lstm_forecaster",
}

# Kind to the module that trains it; its function is `trainer_of`.
_TRAINERS: Mapping[str, str] = {
    "xgboost": "cryptovolt.ml.xgboost_classifier",
    "lightgbm": "cryptovolt.ml.lightgbm_classifier",
    "linear": "cryptovolt.ml.linear_classifier",
}

# The first format named its one file and its library in fields of their own.
_FIRST_FORMAT, _FIRST_FILE = "cryptovolt-xgboost/1", "model.json"


class Settings(Protocol):
    """How a model is trained: a frozen dataclass of plain values."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


class Fitted(Protocol):
    """What one fit gave: a model that was not yet calibrated."""

    @property
    def content(self) -> bytes:
        """What is stored of it."""
        ...

    @property
    def n_trees(self) -> int:
        """Trees it has grown; 0 in a kind without."""
        ...

    def calibrated(
        self, values: FloatArray, calibration: Calibration | None
    ) -> tuple[FloatArray, FloatArray]:
        """Return log odds and P(up) of rows; without a calibration the odds are believed."""
        ...


class Trainer(Protocol):
    """Fits models of one kind. One validation serves them all."""

    @property
    def kind(self) -> str:
        """What it makes: ``"xgboost"``, ``"lightgbm"`` or ``"linear"``."""
        ...

    @property
    def settings(self) -> Settings:
        """Everything that decides what it makes of given rows."""
        ...

    @property
    def validation(self) -> float:
        """Share of a training set, at its end, that is handed over as stopping rows."""
        ...

    @property
    def calibration(self) -> str:
        """``"platt"``, ``"isotonic"`` or ``"best"`` of both, by out-of-fold log loss."""
        ...

    def fit(
        self,
        values: FloatArray,
        up: BoolArray,
        weight: FloatArray,
        stop_values: FloatArray,
        stop_up: BoolArray,
        stop_weight: FloatArray,
        seed: int | None = None,
    ) -> Fitted:
        """Fit to one set of rows and stop, or choose, by a later one.

        Without a seed the one of the settings is taken.

        Raises
        ------
        ModelError
            If either set holds one class only.
        """
        ...

    def model(
        self,
        fitted: Fitted,
        feature_names: Sequence[str],
        calibration: Calibration,
        provenance: Mapping[str, Any],
        training: Mapping[str, Any],
    ) -> Model:
        """Return a calibrated model that can be stored."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """A stored model whose hashes were checked: its manifest and its files by name."""

    manifest: Mapping[str, Any]
    files: Mapping[str, bytes]


def canonical(content: Mapping[str, Any]) -> bytes:
    """Return JSON whose bytes depend on nothing but the content."""
    return json.dumps(dict(content), sort_keys=True, indent=1, ensure_ascii=False).encode()


def describe(
    *,
    format_: str,
    kind: str,
    feature_names: Sequence[str],
    settings: Settings,
    provenance: Mapping[str, Any],
    libraries: Sequence[str],
    files: Mapping[str, bytes],
    more: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the manifest of a model, with the hash that names it.

    Parameters
    ----------
    format_, kind : str
        Who reads it, and how it was learned.
    feature_names : sequence of str
        Columns, in order.
    settings : Settings
        How it was trained.
    provenance : mapping
        Where the rows came from: data snapshot, features, labels, parent, code.
    libraries : sequence of str
        Distributions whose version decides the bytes, beside NumPy and CryptoVolt.
    files : mapping
        Name to content of every file beside the manifest.
    more : mapping
        What the kind adds, e.g. ``calibration`` and ``training``.
    """
    manifest: dict[str, Any] = {
        "format": format_,
        "kind": kind,
        "feature_names": list(feature_names),
        "settings": asdict(settings),
        "provenance": dict(provenance),
        "libraries": {name: metadata.version(name) for name in ("cryptovolt", "numpy", *libraries)},
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        **more,
    }
    manifest["artefact_hash"] = hashlib.sha256(canonical(manifest)).hexdigest()
    return manifest


def write_model(folder: Path, manifest: Mapping[str, Any], files: Mapping[str, bytes]) -> Path:
    """Write files and then the manifest into a folder of their own, and return that folder."""
    own = folder / str(manifest["artefact_hash"])[:16]
    own.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (own / name).write_bytes(content)
    (own / MANIFEST_FILE).write_bytes(canonical(manifest))
    return own


def read_model(folder: Path) -> Stored:
    """Read a stored model of any kind and check that nothing in it has changed.

    Raises
    ------
    ModelError
        If a file is missing, the manifest is damaged, or anything differs from its SHA-256.
    """
    text = _bytes_of(folder, MANIFEST_FILE)
    try:
        manifest: dict[str, Any] = json.loads(text)
        claimed = str(manifest["artefact_hash"])
        hashes = _hashes_of(manifest)
        rest = {key: value for key, value in manifest.items() if key != "artefact_hash"}
        as_stored = canonical(manifest) == text
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"expected a manifest in {folder}, found a damaged one") from error
    # A name is a file of this folder and of no other.
    strange = sorted(name for name in hashes if Path(name).name != name)
    if strange:
        raise ModelError(f"expected plain file names in {folder}, found {strange[0]!r}")
    files = {name: _bytes_of(folder, name) for name in hashes}
    found = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    if found != hashes or hashlib.sha256(canonical(rest)).hexdigest() != claimed or not as_stored:
        raise ModelError(
            f"expected the model in {folder} as it was stored, found it changed; train it again"
        )
    return Stored(manifest, files)


def _bytes_of(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise ModelError(
            f"expected a stored model in {folder}, found {error.strerror}: {name}"
        ) from error


def _hashes_of(manifest: Mapping[str, Any]) -> dict[str, str]:
    if manifest["format"] == _FIRST_FORMAT:
        return {_FIRST_FILE: str(manifest["model_sha256"])}
    return {str(name): str(content) for name, content in manifest["files"].items()}


def load_model(folder: Path) -> Model | Forecaster:
    """Return a stored model of any kind, after checking that nothing in it has changed.

    Parameters
    ----------
    folder : Path
        What ``model.save`` returned.

    Returns
    -------
    Model or Forecaster

    Raises
    ------
    ModelError
        If a file is missing or differs from its SHA-256, or nobody knows the format.
    """
    stored = read_model(folder)
    found = str(stored.manifest["format"])
    if found not in _READERS:
        raise ModelError(
            f"expected a model of format {', '.join(sorted(_READERS))}, found {found!r} in {folder}"
        )
    read: Callable[[Stored], Model | Forecaster] = import_module(_READERS[found]).read_stored
    return read(stored)


def trainer_of(kind: str, settings: Mapping[str, Any]) -> Trainer:
    """Return the trainer that made a model, from the `kind` and `settings` of its manifest.

    Raises
    ------
    ModelError
        If nobody trains that kind, or the settings are of another program version.
    ConfigurationError
        If a setting makes no sense.
    """
    if kind not in _TRAINERS:
        raise ModelError(f"expected a model of kind {', '.join(sorted(_TRAINERS))}, found {kind!r}")
    make: Callable[[Mapping[str, Any]], Trainer] = import_module(_TRAINERS[kind]).trainer_of
    try:
        return make(settings)
    except TypeError as error:
        raise ModelError(f"expected the settings of a {kind} trainer, found {error}") from error


def require_same_libraries(manifest: Mapping[str, Any]) -> None:
    """Refuse to train a model again with other library versions: the bytes would differ.

    Raises
    ------
    ModelError
        If a version differs from the manifest's, or a library is not installed.
    """
    for name, version in dict(manifest.get("libraries", {})).items():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            found = "none"
        if found != version:
            raise ModelError(
                f"expected {name} {version}, with which model "
                f"{str(manifest['artefact_hash'])[:16]} was trained, found {found}; it cannot be "
                "trained to the same bytes here"
            )


def training_range(values: FloatArray) -> dict[str, list[float]]:
    """Return spread (standard deviation), lowest and highest of each column of training rows."""
    return {
        "spread": np.std(values, axis=0).tolist(),
        "low": np.min(values, axis=0).tolist(),
        "high": np.max(values, axis=0).tolist(),
    }


def require_both_classes(up: BoolArray, weight: FloatArray, stop_up: BoolArray) -> None:
    """Refuse rows to learn or to stop from that only rise, or only fall.

    Raises
    ------
    ModelError
        If so.
    """
    least = min(float(weight[up].sum()), float(weight[~up].sum()))
    if not least > 0.0 or stop_up.all() or not stop_up.any():
        raise ModelError(
            f"expected rises and falls to learn from, found {int(up.sum())} rises in {up.size} "
            f"rows and {int(stop_up.sum())} in the {stop_up.size} rows that decide when to stop"
        )


def balanced_weights(
    up: BoolArray, weight: FloatArray, fit_up: BoolArray, fit_weight: FloatArray
) -> FloatArray:
    """Return weights of mean 1 under which rises and falls of the fitted rows count the same."""
    up_sum, down_sum = float(fit_weight[fit_up].sum()), float(fit_weight[~fit_up].sum())
    total = up_sum + down_sum
    balanced = weight * np.where(up, total / (2.0 * up_sum), total / (2.0 * down_sum))
    return balanced / balanced.mean()
