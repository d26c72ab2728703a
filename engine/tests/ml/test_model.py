"""Stored models of every kind: what was written comes back, and nothing else is read."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryptovolt.domain.arrays import BoolArray, FloatArray
from cryptovolt.domain.errors import ModelError
from cryptovolt.domain.ports import Model
from cryptovolt.ml import BoosterSettings, load_classifier
from cryptovolt.ml.calibration import Calibration, Isotonic, Platt
from cryptovolt.ml.lightgbm_classifier import LightGBMSettings, LightGBMTrainer
from cryptovolt.ml.linear_classifier import LinearTrainer
from cryptovolt.ml.model import (
    Trainer,
    canonical,
    load_model,
    require_same_libraries,
    trainer_of,
    training_range,
)
from cryptovolt.ml.xgboost_classifier import XGBoostClassifier, XGBoostTrainer

NAMES = ("a", "b", "c")
STEPS = Isotonic((-0.5, 0.0, 0.7), (0.3, 0.5, 0.6))


def rows(seed: int, n_rows: int = 1_500) -> tuple[FloatArray, BoolArray]:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n_rows, 3))
    return values, values[:, 0] - 0.5 * values[:, 1] + rng.normal(size=n_rows) > 0.3


def trainers() -> dict[str, Trainer]:
    return {
        "xgboost": XGBoostTrainer(BoosterSettings(n_rounds=40, min_child_weight=1.0)),
        "lightgbm": LightGBMTrainer(LightGBMSettings(n_rounds=40, min_child_weight=1.0)),
        "linear": LinearTrainer(),
    }


def trained(trainer: Trainer, calibration: Calibration) -> Model:
    if trainer.kind == "lightgbm":
        pytest.importorskip("lightgbm")
    values, up = rows(1)
    weight = np.ones(1_500)
    fitted = trainer.fit(
        values[:1_000], up[:1_000], weight[:1_000], values[1_000:], up[1_000:], weight[1_000:]
    )
    said = {"symbol": "X", "parent": None}
    return trainer.model(fitted, NAMES, calibration, said, training_range(values))


@pytest.fixture(scope="module", params=["xgboost", "lightgbm", "linear"])
def model(request: pytest.FixtureRequest) -> Model:
    return trained(trainers()[request.param], STEPS)


def changed(model: Model, folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """Return a stored model whose manifest was changed and hashed again."""
    own = model.save(folder)
    manifest = json.loads((own / "manifest.json").read_bytes())
    change(manifest)
    del manifest["artefact_hash"]
    manifest["artefact_hash"] = hashlib.sha256(canonical(manifest)).hexdigest()
    (own / "manifest.json").write_bytes(canonical(manifest))
    return own


def test_a_stored_model_says_the_same_bits(model: Model, tmp_path: Path) -> None:
    values, _ = rows(2)
    found = load_model(model.save(tmp_path))
    assert type(found) is type(model)
    assert found.artefact_hash == model.artefact_hash
    assert isinstance(found, type(model))
    np.testing.assert_array_equal(found.probability_up(values), model.probability_up(values))
    alone = [model.probability_up(values[row : row + 1])[0] for row in range(50)]
    np.testing.assert_array_equal(alone, model.probability_up(values)[:50])


def test_the_manifest_says_where_a_model_comes_from(model: Model) -> None:
    said = model.manifest
    assert said["kind"] == model.kind
    assert said["provenance"] == {"symbol": "X", "parent": None}
    assert {"cryptovolt", "numpy"} <= set(said["libraries"])
    values, _ = rows(1)
    assert said["training"]["high"] == values.max(axis=0).tolist()


def test_the_same_rows_give_the_same_bytes_again(model: Model) -> None:
    trainer = trainer_of(model.kind, model.manifest["settings"])
    assert trained(trainer, STEPS).artefact_hash == model.artefact_hash


def test_a_row_with_a_hole_has_no_probability(model: Model) -> None:
    values, _ = rows(2, 3)
    values[1, 2] = np.nan
    assert np.isnan(model.probability_up(values)).tolist() == [False, True, False]
    assert np.isnan(model.contributions(values).matrix).all(axis=1).tolist() == [0, 1, 0]


def test_contributions_sum_to_the_margin(model: Model) -> None:
    values, _ = rows(3)
    bias, matrix = model.contributions(values)
    np.testing.assert_allclose(bias + matrix.sum(axis=1), model.margins(values), atol=1e-10)


def test_any_changed_byte_is_refused(model: Model, tmp_path: Path) -> None:
    folder = model.save(tmp_path)
    for file in sorted(folder.iterdir()):
        whole = file.read_bytes()
        for at in np.linspace(0, len(whole) - 1, 60).astype(int).tolist():
            content = bytearray(whole)
            content[at] ^= 1
            file.write_bytes(content)
            with pytest.raises(ModelError, match=r"^expected "):
                load_model(folder)
        file.write_bytes(whole)
    assert load_model(folder).artefact_hash == model.artefact_hash


def test_a_missing_file_is_named(model: Model, tmp_path: Path) -> None:
    folder = model.save(tmp_path)
    name = next(iter(model.manifest["files"]))
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"found No such file or directory: {name}"):
        load_model(folder)


def test_an_unknown_format_is_refused(model: Model, tmp_path: Path) -> None:
    folder = changed(model, tmp_path, lambda said: said.update(format="pickle/4"))
    with pytest.raises(ModelError, match=r"expected a model of format .*, found 'pickle/4'"):
        load_model(folder)


def test_a_pickle_is_not_opened(tmp_path: Path) -> None:
    # os.system("exit 1") in pickle's protocol 0.
    (tmp_path / "manifest.json").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    with pytest.raises(ModelError, match="found a damaged one"):
        load_model(tmp_path)


def test_a_file_of_another_folder_is_not_read(model: Model, tmp_path: Path) -> None:
    folder = changed(model, tmp_path, lambda said: said.update(files={"../secret": "0" * 64}))
    with pytest.raises(ModelError, match=r"expected plain file names in .*, found '\.\./secret'"):
        load_model(folder)


def test_another_number_of_columns_is_refused(model: Model, tmp_path: Path) -> None:
    folder = changed(model, tmp_path, lambda said: said["feature_names"].append("d"))
    with pytest.raises(ModelError, match=r"^expected "):
        load_model(folder)


def test_other_libraries_cannot_train_to_the_same_bytes(model: Model) -> None:
    require_same_libraries(model.manifest)
    libraries = {**model.manifest["libraries"], "numpy": "1.0"}
    with pytest.raises(ModelError, match=r"expected numpy 1\.0, with which model .* found"):
        require_same_libraries({**model.manifest, "libraries": libraries})
    with pytest.raises(ModelError, match="found none"):
        require_same_libraries({**model.manifest, "libraries": {"nowhere-to-be-found": "1"}})


def test_a_model_of_the_first_format_is_still_read(tmp_path: Path) -> None:
    model = trained(trainers()["xgboost"], Platt(0.9, 0.1))
    assert isinstance(model, XGBoostClassifier)
    manifest = {
        "format": "cryptovolt-xgboost/1",
        "feature_names": list(NAMES),
        "calibration": {"slope": 0.9, "intercept": 0.1},
        "settings": {},
        "provenance": {},
        "xgboost": "3.0.0",
        "model_sha256": hashlib.sha256(model.model).hexdigest(),
    }
    manifest["artefact_hash"] = hashlib.sha256(canonical(manifest)).hexdigest()
    (tmp_path / "manifest.json").write_bytes(canonical(manifest))
    (tmp_path / "model.json").write_bytes(model.model)
    values, _ = rows(2)
    for found in (load_classifier(tmp_path), load_model(tmp_path)):
        assert isinstance(found, XGBoostClassifier)
        np.testing.assert_array_equal(found.probability_up(values), model.probability_up(values))


def test_a_trainer_nobody_knows_is_refused() -> None:
    with pytest.raises(ModelError, match=r"expected a model of kind .*, found 'forest'"):
        trainer_of("forest", {})
    with pytest.raises(ModelError, match="expected the settings of a linear trainer"):
        trainer_of("linear", {"depth": 3})
