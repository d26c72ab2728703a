"""The LSTM: trained again it is the same, served it is what was trained, or it is refused."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cryptovolt.domain.arrays import FloatArray
from cryptovolt.domain.errors import ConfigurationError, ModelError
from cryptovolt.domain.ports import Forecaster
from cryptovolt.ml.forecaster_scaling import Scaling, fit_scaling
from cryptovolt.ml.lstm_forecaster import (
    LSTMForecaster,
    load_forecaster,
    make_forecaster,
    weights_of,
)
from cryptovolt.ml.lstm_settings import LSTMSettings, TrainedLSTM
from cryptovolt.ml.model import canonical, load_model

NAMES = ("a", "b", "c")
SETTINGS = LSTMSettings(
    n_steps=8, hidden=6, n_epochs=4, batch=32, learning_rate=1e-2, early_stopping=4
)
N_ROWS = 700


def rows(seed: int = 1) -> tuple[FloatArray, FloatArray]:
    """Return features, and a target that is the mean of the last eight of the first column."""
    rng = np.random.default_rng(seed)
    values = rng.normal(2.0, 3.0, (N_ROWS, 3))
    mean = np.convolve(values[:, 0] - 2.0, np.ones(8) / 8.0)[:N_ROWS]
    return values, 0.01 * mean + rng.normal(0.0, 0.002, N_ROWS)


def fitted(settings: LSTMSettings = SETTINGS) -> tuple[TrainedLSTM, Scaling, list[str]]:
    pytest.importorskip("torch")
    from cryptovolt.ml.lstm_training import train_lstm

    values, target = rows()
    fit, stop = np.arange(8, 500), np.arange(500, N_ROWS)
    scaling = fit_scaling(values[fit], target[fit])
    scaled = scaling.target(target)
    told: list[str] = []
    trained = train_lstm(
        scaling.inputs(values), fit, scaled[fit], np.ones(fit.size), stop, scaled[stop],
        np.ones(stop.size), settings,
        lambda done, total, message: told.append(f"{done}/{total} {message}"),
    )  # fmt: skip
    return trained, scaling, told


@pytest.fixture(scope="module")
def forecaster() -> LSTMForecaster:
    trained, scaling, _ = fitted()
    return make_forecaster(
        trained, scaling, NAMES, 3, SETTINGS, {"symbol": "X"},
        shrinkage=0.5, spread=0.004, silence=None,
    )  # fmt: skip


def windows(seed: int = 2, n: int = 50) -> FloatArray:
    return np.random.default_rng(seed).normal(2.0, 3.0, (n, 8, 3))


def test_it_is_a_forecaster(forecaster: LSTMForecaster) -> None:
    port: Forecaster = forecaster
    assert (port.feature_names, port.n_steps, port.horizon) == (NAMES, 8, 3)
    assert (port.spread, port.silence, len(port.artefact_hash)) == (0.004, None, 64)
    first = port.artefact_hash[:16]
    assert repr(port) == f"LSTMForecaster(8 steps, 3 features, 3 bars ahead, {first})"


def test_it_learns_what_can_be_learned(forecaster: LSTMForecaster) -> None:
    values, target = rows(5)
    ends = np.arange(20, N_ROWS)
    said = forecaster.forecast(np.stack([values[end - 7 : end + 1] for end in ends]))
    assert np.corrcoef(said, target[ends])[0, 1] > 0.8


def test_training_again_gives_the_same_bits_and_tells_how_far_it_is() -> None:
    (first, _, told), (second, _, _) = fitted(), fitted()
    for name, weights in first.weights.items():
        np.testing.assert_array_equal(weights, second.weights[name])
    assert first.losses == second.losses
    assert told[0].startswith("1/4 loss ")
    assert len(told) == len(first.losses)


def test_the_pass_with_the_least_loss_is_kept_and_training_stops_after_it() -> None:
    wild = LSTMSettings(
        n_steps=8, hidden=6, n_epochs=40, batch=32, learning_rate=0.3, early_stopping=2
    )
    trained, _, _ = fitted(wild)
    assert trained.losses[trained.n_epochs - 1] == min(trained.losses)
    assert len(trained.losses) == trained.n_epochs + 2 < 40


def test_training_leaves_the_settings_of_pytorch_as_they_were() -> None:
    torch: Any = pytest.importorskip("torch")
    torch.manual_seed(3)
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    fitted()
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()


def test_served_forecasts_are_those_of_pytorch(forecaster: LSTMForecaster) -> None:
    from cryptovolt.ml.lstm_training import torch_outputs

    values, _ = rows(3)
    ends = np.arange(8, N_ROWS)
    scaling = forecaster.scaling
    expected = torch_outputs(weights_of(forecaster), scaling.inputs(values), ends, SETTINGS)
    said = forecaster.forecast(np.stack([values[end - 7 : end + 1] for end in ends]))
    scaled = scaling.target(said / forecaster.shrinkage)
    np.testing.assert_allclose(scaled, expected, rtol=0, atol=1e-6)
    assert np.ptp(said) > 0.005


def test_a_window_alone_has_the_bits_it_has_among_others(forecaster: LSTMForecaster) -> None:
    many = windows(n=300)
    batch = forecaster.forecast(many)
    alone = [forecaster.forecast(window[None])[0] for window in many]
    np.testing.assert_array_equal(batch, alone)
    np.testing.assert_array_equal(forecaster.forecast(np.asfortranarray(many)), batch)


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
def test_a_window_with_a_hole_has_no_forecast(forecaster: LSTMForecaster, hole: float) -> None:
    given = windows(n=3)
    given[1, 0, 2] = hole
    assert np.isnan(forecaster.forecast(given)).tolist() == [False, True, False]


def test_no_windows_have_no_forecasts(forecaster: LSTMForecaster) -> None:
    assert forecaster.forecast(np.empty((0, 8, 3))).shape == (0,)


def test_windows_of_another_shape_are_refused(forecaster: LSTMForecaster) -> None:
    with pytest.raises(ModelError, match=r"expected windows of 8 rows and 3 features, found shape"):
        forecaster.forecast(np.zeros((2, 8, 4)))


def test_a_stored_forecaster_comes_back_whole(forecaster: LSTMForecaster, tmp_path: Path) -> None:
    folder = forecaster.save(tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == [
        "forecaster.onnx", "manifest.json", "weights.safetensors",
    ]  # fmt: skip
    for loaded in (load_forecaster(folder), load_model(folder)):
        assert isinstance(loaded, LSTMForecaster)
        assert loaded.artefact_hash == forecaster.artefact_hash
        given = windows()
        np.testing.assert_array_equal(loaded.forecast(given), forecaster.forecast(given))


def test_the_same_training_is_stored_with_the_same_bytes(forecaster: LSTMForecaster) -> None:
    trained, scaling, _ = fitted()
    again = make_forecaster(
        trained, scaling, NAMES, 3, SETTINGS, {"symbol": "X"},
        shrinkage=0.5, spread=0.004, silence=None,
    )  # fmt: skip
    assert again.files == forecaster.files
    assert again.artefact_hash == forecaster.artefact_hash


@pytest.mark.parametrize("name", ["forecaster.onnx", "weights.safetensors", "manifest.json"])
def test_one_changed_byte_is_refused(forecaster: LSTMForecaster, tmp_path: Path, name: str) -> None:
    folder = forecaster.save(tmp_path)
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ModelError, match=r"as it was stored, found it changed|damaged"):
        load_forecaster(folder)


@pytest.mark.parametrize("name", ["forecaster.onnx", "weights.safetensors", "manifest.json"])
def test_a_missing_file_is_refused(forecaster: LSTMForecaster, tmp_path: Path, name: str) -> None:
    folder = forecaster.save(tmp_path)
    (folder / name).unlink()
    with pytest.raises(ModelError, match=rf"expected a stored model.*{name}"):
        load_forecaster(folder)


def _stored_anew(folder: Path, change: dict[str, Any], graph: bytes | None = None) -> None:
    """Write a manifest whose hashes are right whatever it says."""
    import hashlib

    manifest = json.loads((folder / "manifest.json").read_bytes())
    if graph is not None:
        (folder / "forecaster.onnx").write_bytes(graph)
        manifest["files"]["forecaster.onnx"] = hashlib.sha256(graph).hexdigest()
    manifest |= change
    del manifest["artefact_hash"]
    manifest["artefact_hash"] = hashlib.sha256(canonical(manifest)).hexdigest()
    (folder / "manifest.json").write_bytes(canonical(manifest))


@pytest.mark.parametrize(
    ("change", "graph", "message"),
    [
        ({"feature_names": ["a", "b"]}, None, "expected a graph of 8 rows and 2 features"),
        ({"n_steps": 60}, None, "expected a graph of 60 rows and 3 features, found one of 8"),
        ({"voting": {}}, None, "expected the manifest of a forecaster, found one without"),
        ({"format": "other/1"}, None, "expected a forecaster of format cryptovolt-lstm/1"),
        ({}, b"no graph", "found bytes that ONNX Runtime refuses"),
    ],
)
def test_a_manifest_that_fits_no_forecaster_is_refused(
    forecaster: LSTMForecaster,
    tmp_path: Path,
    change: dict[str, Any],
    graph: bytes | None,
    message: str,
) -> None:
    folder = forecaster.save(tmp_path)
    _stored_anew(folder, change, graph)
    with pytest.raises(ModelError, match=message):
        load_forecaster(folder)


def test_who_may_vote_must_have_a_spread(forecaster: LSTMForecaster) -> None:
    trained = TrainedLSTM(weights_of(forecaster), 1, (0.5,))
    with pytest.raises(ModelError, match="expected forecasts that vary of a model that votes"):
        make_forecaster(trained, forecaster.scaling, NAMES, 3, SETTINGS, {}, silence=None)


def test_serving_imports_neither_pytorch_nor_onnx(
    forecaster: LSTMForecaster, tmp_path: Path
) -> None:
    folder = forecaster.save(tmp_path)
    code = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from cryptovolt.ml.model import load_model\n"
        f"model = load_model(Path({str(folder)!r}))\n"
        "print(model.forecast(np.full((1, 8, 3), 2.0))[0])\n"
        "assert not {'torch', 'onnx'} & set(sys.modules), 'imported for serving'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == forecaster.forecast(np.full((1, 8, 3), 2.0))[0]


def test_training_without_pytorch_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from cryptovolt.ml.lstm_training import train_lstm

    monkeypatch.setitem(sys.modules, "torch", None)
    row, one = np.array([8]), np.ones(1)
    with pytest.raises(ModelError, match=r"expected PyTorch.*install cryptovolt\[torch\]"):
        train_lstm(np.zeros((9, 3)), row, one, one, row, one, one, SETTINGS)


def test_storing_without_onnx_says_what_to_install(
    forecaster: LSTMForecaster, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = TrainedLSTM(weights_of(forecaster), 1, (0.5,))
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ModelError, match=r"expected the package onnx.*cryptovolt\[torch\]"):
        make_forecaster(trained, forecaster.scaling, NAMES, 3, SETTINGS, {})


def test_no_windows_to_train_on_are_refused() -> None:
    from cryptovolt.ml.lstm_training import train_lstm

    none, one = np.empty(0, np.int64), np.array([8])
    with pytest.raises(ModelError, match="expected windows to train and to stop by, found 0 and 1"):
        train_lstm(
            np.zeros((9, 3)), none, np.empty(0), np.empty(0), one, np.ones(1), np.ones(1), SETTINGS
        )


@pytest.mark.parametrize(
    "change",
    [{"hidden": 0}, {"stride": 0}, {"validation": 0.6}, {"learning_rate": 0.0},
     {"clip_norm": float("inf")}, {"weight_decay": -1.0}],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="expected"):
        LSTMSettings(**change)
