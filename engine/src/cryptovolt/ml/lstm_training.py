"""Training an LSTM with PyTorch, and asking PyTorch itself. Serving never comes here.

The loss is Huber's, in units of the scaled target: quadratic up to one standard deviation, linear
beyond, so that a crash does not own the gradient.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import numpy as np

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.domain.errors import ModelError
from cryptovolt.domain.ports import Progress
from cryptovolt.ml.lstm_settings import WEIGHT_NAMES, LSTMSettings, TrainedLSTM, Weights

_CHUNK = 1_024


@contextmanager
def _pytorch(seed: int, n_threads: int) -> Generator[Any]:
    """Lend PyTorch with fixed seed, threads and algorithms; give its settings back afterwards."""
    try:
        import torch  # noqa: PLC0415 - heavy, and needed for training only
    except ImportError as error:
        raise ModelError(
            "expected PyTorch to train an LSTM, found it is not installed; install "
            "cryptovolt[torch] (a model that is already trained needs no PyTorch)"
        ) from error
    library: Any = torch
    threads, strict = library.get_num_threads(), library.are_deterministic_algorithms_enabled()
    library.set_num_threads(n_threads)
    library.use_deterministic_algorithms(True)
    try:
        with library.random.fork_rng(devices=[]):
            library.manual_seed(seed)
            yield library
    finally:
        library.set_num_threads(threads)
        library.use_deterministic_algorithms(strict)


def train_lstm(
    values: FloatArray,
    fit: IntArray,
    target: FloatArray,
    weight: FloatArray,
    stop: IntArray,
    stop_target: FloatArray,
    stop_weight: FloatArray,
    settings: LSTMSettings,
    progress: Progress | None = None,
) -> TrainedLSTM:
    """Return a network fitted to some windows and stopped by later ones.

    Parameters
    ----------
    values : ndarray of shape (n_bars, n_features)
        Scaled inputs.
    fit, stop : ndarray of shape (n_fit,), (n_stop,)
        Rows at which whole windows end.
    target, stop_target : ndarray of shape (n_fit,), (n_stop,)
        Scaled targets.
    weight, stop_weight : ndarray of shape (n_fit,), (n_stop,)
        How much each counts, above 0.
    settings : LSTMSettings
        How it is trained.
    progress : Progress, optional
        Told after each pass.

    Returns
    -------
    TrainedLSTM
        The weights of the pass with the least loss on the later windows.

    Raises
    ------
    ModelError
        If PyTorch is not installed, there is no window, or training leads to no finite loss.
    """
    if not fit.size or not stop.size:
        raise ModelError(
            f"expected windows to train and to stop by, found {fit.size} and {stop.size}"
        )
    with _pytorch(settings.seed, settings.n_threads) as torch:
        network = _Network(torch, values, settings)
        return _run(network, (fit, target, weight), (stop, stop_target, stop_weight), progress)


def torch_outputs(
    weights: Weights, values: FloatArray, rows: IntArray, settings: LSTMSettings
) -> FloatArray:
    """Return PyTorch's own scaled forecasts for windows of scaled inputs that end at `rows`.

    Raises
    ------
    ModelError
        If PyTorch is not installed.
    """
    with _pytorch(settings.seed, settings.n_threads) as torch:
        network = _Network(torch, values, settings)
        network.load(weights)
        return network.outputs(rows).numpy().astype(np.float64)


class _Network:
    """The network, the matrix it looks at, and how it is asked."""

    def __init__(self, torch: Any, values: FloatArray, settings: LSTMSettings) -> None:
        self.torch, self.settings = torch, settings
        self.values = torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
        self.lstm = torch.nn.LSTM(values.shape[1], settings.hidden)
        self.head = torch.nn.Linear(settings.hidden, 1)
        torch.nn.init.zeros_(self.head.bias)
        self.steps = torch.arange(1 - settings.n_steps, 1)

    def parameters(self) -> list[Any]:
        return [*self.lstm.parameters(), *self.head.parameters()]

    def forward(self, rows: Any) -> Any:
        windows = self.values[rows[None, :] + self.steps[:, None]]
        last = self.lstm(windows)[1][0][0]
        return self.head(last)[:, 0]

    def outputs(self, rows: IntArray) -> Any:
        with self.torch.no_grad():
            every = self.torch.from_numpy(np.array(rows))
            return self.torch.cat([self.forward(part) for part in every.split(_CHUNK)])

    def weights(self) -> Weights:
        arrays = [part.detach().numpy().copy() for part in self.parameters()]
        return dict(zip(WEIGHT_NAMES, arrays, strict=True))

    def load(self, weights: Weights) -> None:
        with self.torch.no_grad():
            for name, part in zip(WEIGHT_NAMES, self.parameters(), strict=True):
                part.copy_(self.torch.from_numpy(np.array(weights[name])))


_Rows = tuple[IntArray, FloatArray, FloatArray]


def _run(network: _Network, fit: _Rows, stop: _Rows, progress: Progress | None) -> TrainedLSTM:
    torch, settings = network.torch, network.settings
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    order = np.random.default_rng(settings.seed)
    best, kept, losses = network.weights(), 0, list[float]()
    for epoch in range(settings.n_epochs):
        _pass(network, optimiser, fit, order.permutation(fit[0].size))
        losses.append(_loss(torch, network.outputs(stop[0]), stop[1], stop[2]).item())
        if not np.isfinite(losses[-1]):
            raise ModelError(
                f"expected training to get better, found a loss of {losses[-1]} after "
                f"{epoch + 1} passes; use a smaller learning_rate"
            )
        if losses[-1] <= min(losses):
            best, kept = network.weights(), epoch + 1
        if progress is not None:
            progress(epoch + 1, settings.n_epochs, f"loss {losses[-1]:.4f}")
        if epoch + 1 - kept >= settings.early_stopping:
            break
    return TrainedLSTM(best, kept, tuple(losses))


def _pass(network: _Network, optimiser: Any, fit: _Rows, order: IntArray) -> None:
    torch, settings = network.torch, network.settings
    for start in range(0, order.size, settings.batch):
        chosen = order[start : start + settings.batch]
        optimiser.zero_grad()
        said = network.forward(torch.from_numpy(np.ascontiguousarray(fit[0][chosen])))
        _loss(torch, said, fit[1][chosen], fit[2][chosen]).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), settings.clip_norm)
        optimiser.step()


def _loss(torch: Any, said: Any, target: FloatArray, weight: FloatArray) -> Any:
    expected = torch.from_numpy(target.astype(np.float32))
    counts = torch.from_numpy((weight / weight.mean()).astype(np.float32))
    errors = torch.nn.functional.huber_loss(said, expected, reduction="none")
    return (errors * counts).mean()
