"""Search for settings of a trainer, on rows that come before every test row.

The rows given are cut by a walk-forward of their own: what is searched is the out-of-fold log loss
within them. Give only what lies before the first test row (:func:`rows_before_test`) and evaluate
what was found on the whole: the test rows were then seen by no search. Every fit of every trial is
a row of the ledger, so that the verdict knows how many configurations were tried.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cryptovolt.domain.bars import Bars
from cryptovolt.domain.errors import ConfigurationError, ModelError
from cryptovolt.domain.ports import Progress, TrialLedger
from cryptovolt.features.build import Features
from cryptovolt.features.labels import Labels
from cryptovolt.ml.model import Trainer, trainer_of
from cryptovolt.ml.split import WalkForward
from cryptovolt.research.walkforward import evaluate_classifier, usable_labels

STUDY = "search"
"""What trials of a search are called in the ledger where nobody says anything else."""

INNER = WalkForward(n_folds=3, first_train=0.4)
"""How the rows of a search are cut where nobody says anything else."""

Space = Mapping[str, tuple[float, float, str]]
"""Setting to least, most, and ``"integer"``, ``"even"`` or ``"log"``."""

_TREES: Space = {
    "max_depth": (2, 6, "integer"),
    "learning_rate": (0.01, 0.2, "log"),
    "subsample": (0.5, 1.0, "even"),
    "colsample": (0.2, 1.0, "even"),
    "min_child_weight": (1.0, 100.0, "log"),
    "reg_lambda": (0.1, 100.0, "log"),
}

SPACES: Mapping[str, Space] = {
    "xgboost": _TREES,
    "lightgbm": _TREES,
    # One ridge for each trial: the stopping rows have nothing left to choose.
    "linear": {"ridge": (1e-5, 10.0, "log")},
}
"""What is searched for each kind of model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found.

    Parameters
    ----------
    trainer : Trainer
        With the best settings.
    log_loss : float
        Its out-of-fold log loss within the rows searched.
    tried : tuple of (mapping, float)
        Parameters and log loss of each finished trial, in order.
    """

    trainer: Trainer
    log_loss: float
    tried: tuple[tuple[Mapping[str, float], float], ...]


def rows_before_test(features: Features, labels: Labels, walk: WalkForward) -> Labels:
    """Return the usable labels that were complete, embargo included, before the first test row.

    Raises
    ------
    ModelError
        If they cannot be learned, or there is none.
    """
    usable = usable_labels(features, labels)
    return usable.select(walk.split(usable)[0].train)


def search_trainer(
    features: Features,
    labels: Labels,
    trainer: Trainer,
    *,
    n_trials: int | None = None,
    seconds: float | None = None,
    seed: int = 1,
    storage: Any = None,
    study: str = STUDY,
    walk: WalkForward = INNER,
    ledger: TrialLedger | None = None,
    bars: Bars | None = None,
    progress: Progress | None = None,
) -> Found:
    """Search for the settings with the lowest out-of-fold log loss within the rows given.

    Parameters
    ----------
    features : Features
        Of the bars that were labelled.
    labels : Labels
        To search on, e.g. from :func:`rows_before_test`; test rows do not belong here.
    trainer : Trainer
        Whose settings are varied within :data:`SPACES`; the others are kept.
    n_trials : int, optional
        Finished trials in all, those in the storage included.
    seconds : float, optional
        After which no trial is begun any more.
    seed : int, default=1
        Of proposals and intervals. With `n_trials` alone the same seed finds the same, also where
        the search was interrupted and goes on from its storage.
    storage : optional
        Where Optuna keeps the study (a URL or a storage of its own); in memory if not given.
    study : str, default="search"
        Name in storage and ledger.
    walk : WalkForward, optional
        How the rows are cut.
    ledger, bars : optional
        As for :func:`~cryptovolt.research.walkforward.evaluate_classifier`.
    progress : Progress, optional
        Told after each trial.

    Returns
    -------
    Found

    Raises
    ------
    ConfigurationError
        If there is no budget, or no space for the kind of model.
    ModelError
        If Optuna is not installed, the rows cannot be learned, or no trial was finished in time.
    """
    optuna = _optuna()
    if (n_trials is None and seconds is None) or not all(
        budget is None or budget > 0 for budget in (n_trials, seconds)
    ):
        raise ConfigurationError(
            f"expected n_trials or seconds above 0, found {n_trials} and {seconds}"
        )
    if trainer.kind not in SPACES:
        raise ConfigurationError(
            f"expected a trainer of kind {', '.join(SPACES)}, found {trainer.kind!r}"
        )
    kept = optuna.create_study(
        study_name=study, storage=storage, load_if_exists=storage is not None
    )

    def objective(trial: Any) -> float:
        made = _proposed(trainer, _suggest(trial, SPACES[trainer.kind]))
        evaluation = evaluate_classifier(
            features,
            labels,
            rng=np.random.default_rng(seed),
            walk=walk,
            trainer=made,
            n_resamples=20,
            ledger=ledger,
            bars=bars,
            study=study,
        )
        return evaluation.scores["log_loss"].value

    _run(optuna, kept, objective, n_trials, seconds, seed, progress)
    finished = _finished(kept)
    if not finished:
        raise ModelError(f"expected a finished trial within {seconds} s, found none")
    tried = tuple((dict(one.params), float(one.value or 0.0)) for one in finished)
    best, loss = min(tried, key=lambda one: one[1])
    return Found(trainer=_proposed(trainer, best), log_loss=loss, tried=tried)


def _optuna() -> Any:
    try:
        import optuna  # noqa: PLC0415 - an extra, and heavy
    except ImportError as error:
        raise ModelError(
            "expected Optuna to search with, found none; install cryptovolt[search]"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _suggest(trial: Any, space: Space) -> dict[str, float]:
    return {
        name: trial.suggest_int(name, int(low), int(high))
        if scale == "integer"
        else trial.suggest_float(name, low, high, log=scale == "log")
        for name, (low, high, scale) in space.items()
    }


def _proposed(trainer: Trainer, said: Mapping[str, float]) -> Trainer:
    settings: dict[str, Any] = {**asdict(trainer.settings), **said}
    if trainer.kind == "linear":
        settings.update(most_ridge=settings["ridge"], n_ridges=1)
    return trainer_of(trainer.kind, settings)


def _finished(study: Any) -> list[Any]:
    return [one for one in study.get_trials(deepcopy=False) if one.state.name == "COMPLETE"]


def _run(
    optuna: Any,
    study: Any,
    objective: Callable[[Any], float],
    n_trials: int | None,
    seconds: float | None,
    seed: int,
    progress: Progress | None,
) -> None:
    n_before = len(_finished(study))
    if n_trials is not None and n_before >= n_trials:
        return

    def renew(kept: Any, _: Any) -> None:
        # Proposals depend on the seed and on what was found, not on when a process began.
        n_done = len(_finished(kept))
        kept.sampler = optuna.samplers.TPESampler(seed=seed + n_done)
        if progress is not None:
            total = n_done if n_trials is None else n_trials
            progress(n_done, total, f"trial {n_done}, log loss {kept.best_value:.5f}")

    study.sampler = optuna.samplers.TPESampler(seed=seed + n_before)
    study.optimize(
        objective,
        n_trials=None if n_trials is None else n_trials - n_before,
        timeout=seconds,
        callbacks=[renew],
    )
