"""``cryptovolt sentiment train`` and ``evaluate``: a scorer of one's own, and what it is worth."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from cryptovolt.domain.ports import TextScorer
    from cryptovolt.research.sentiment_quality import Scored
    from cryptovolt.research.sentiment_quality_files import LabelledTexts
    from cryptovolt.sentiment.ensemble import Trainer

TextColumn = Annotated[str, typer.Option("--text", help="Column of the texts.")]
LabelColumn = Annotated[str, typer.Option("--label", help="Column of the labels.")]
LabelNames = Annotated[
    str | None,
    typer.Option("--labels", help="What labels mean, e.g. 0=negative,1=positive,2=neutral."),
]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same result.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


def train(
    files: Annotated[list[Path], typer.Argument(help=".csv or .jsonl files of labelled texts.")],
    text: TextColumn,
    label: LabelColumn,
    out: Annotated[Path, typer.Option(help="Folder the scorer is written to.")],
    labels: LabelNames = None,
    ensemble: Annotated[
        bool, typer.Option("--ensemble", help="Join lexicon and linear; weights out of fold.")
    ] = False,
    folds: Annotated[int, typer.Option(min=2, max=20, help="For choice and calibration.")] = 5,
    seed: Seed = 7,
    as_json: AsJson = False,
) -> None:
    """Train a linear scorer, or an ensemble with it, on labelled texts; no database is opened."""
    data = _read(files, text, label, labels)
    make = _train_ensemble if ensemble else _train_linear
    found, shown = make(data, out, folds, seed, as_json)
    if as_json:
        print_json(found)
        return
    typer.echo(
        f"{shown}\n  what it is worth: cryptovolt sentiment evaluate OTHER_FILE --scorer "
        f"{out}, or the same file with --cross-validate"
    )


def _train_linear(
    data: "LabelledTexts", out: Path, folds: int, seed: int, quiet: bool
) -> tuple[dict[str, Any], str]:
    import numpy as np

    from app.cli.progress import ShownProgress
    from cryptovolt.sentiment.linear_fit import LinearSettings, fit_linear

    with ShownProgress(quiet=quiet) as progress:
        fit = fit_linear(
            data.texts,
            data.labels,
            np.random.default_rng(seed),
            settings=LinearSettings(folds=folds),
            progress=progress,
        )
    folder = fit.scorer.save(out)
    about = fit.scorer.manifest
    found: dict[str, Any] = {
        "folder": str(folder),
        "scorer": fit.scorer.name,
        "scorer_hash": fit.scorer.hash,
        "n_groups": fit.n_groups,
        "n_empty": data.n_empty,
        **about["trained_on"],
        "strength": about["settings"]["strength"],
    }
    counts = ", ".join(f"{n:,} {name}" for name, n in found["classes"].items())
    shown = (
        f"{folder}: linear scorer {fit.scorer.hash[:8]} of {found['n_texts']:,} texts in "
        f"{fit.n_groups:,} groups of near-duplicates ({counts}); C = {found['strength']:g}"
    )
    return found, shown


def _train_ensemble(
    data: "LabelledTexts", out: Path, folds: int, seed: int, quiet: bool
) -> tuple[dict[str, Any], str]:
    import numpy as np

    from app.cli.progress import ShownProgress
    from cryptovolt.sentiment.ensemble import fit_ensemble

    with ShownProgress(quiet=quiet) as progress:
        progress(0, 1, "ensemble")
        fitted = fit_ensemble(
            _members(folds), data.texts, data.labels, np.random.default_rng(seed), n_folds=folds
        )
        progress(1, 1, "ensemble")
    folder = fitted.save(out)
    weights = {m.name: w for m, w in zip(fitted.members, fitted.weights, strict=True)}
    found: dict[str, Any] = {
        "folder": str(folder),
        "scorer": fitted.name,
        "scorer_hash": fitted.hash,
        "n_texts": len(data),
        "n_empty": data.n_empty,
        "weights": weights,
    }
    counts = ", ".join(f"{name} {weight:.2f}" for name, weight in weights.items())
    shown = f"{folder}: ensemble {fitted.hash[:8]} of {len(data):,} texts; weights: {counts}"
    return found, shown


def _members(folds: int = 5) -> "list[TextScorer | Trainer]":
    from cryptovolt.sentiment.linear_fit import LinearSettings, fit_linear
    from cryptovolt.sentiment.scorer import LexiconScorer

    settings = LinearSettings(folds=folds)

    def trained(
        texts: "Sequence[str]", labels: "Sequence[str]", rng: "np.random.Generator"
    ) -> "TextScorer":
        return fit_linear(texts, labels, rng, settings=settings).scorer

    return [LexiconScorer(), trained]


def evaluate(
    file: Annotated[Path, typer.Argument(help="A .csv or .jsonl file of labelled texts.")],
    text: TextColumn,
    label: LabelColumn,
    labels: LabelNames = None,
    scorer: Annotated[
        list[str] | None,
        typer.Option("--scorer", help="vader, lexicon or a folder; more than once for several."),
    ] = None,
    cross_validate: Annotated[
        bool,
        typer.Option("--cross-validate", help="Add a linear scorer trained on the other folds."),
    ] = False,
    ensemble: Annotated[
        bool,
        typer.Option("--ensemble", help="With --cross-validate: lexicon and linear joined, too."),
    ] = False,
    thresholds: Annotated[
        str | None,
        typer.Option(
            help="LOW,HIGH by which a score becomes a class; chosen out of fold if unset."
        ),
    ] = None,
    samples: Annotated[int, typer.Option(min=100, max=10_000, help="Bootstrap samples.")] = 1000,
    seed: Seed = 7,
    as_json: AsJson = False,
) -> None:
    """Measure scorers on labelled texts, with intervals and the worst mistakes.

    By default vader and lexicon; folders given are measured beside these.
    """
    import numpy as np

    from app.cli.progress import ShownProgress
    from cryptovolt.domain.errors import ConfigurationError
    from cryptovolt.research import sentiment_quality as quality
    from cryptovolt.research import sentiment_quality_folds as folds
    from cryptovolt.research.sentiment_quality_classes import parse_thresholds

    if ensemble and not cross_validate:
        raise ConfigurationError(
            "expected --cross-validate with --ensemble, found it missing; a stored ensemble is "
            "measured with --scorer FOLDER"
        )
    fixed = parse_thresholds(thresholds) if thresholds else None
    data = _read([file], text, label, labels)
    scored = _scored(data, scorer or [])
    with ShownProgress(quiet=as_json) as progress:
        if cross_validate:
            scored.append(
                folds.cross_validate(data, np.random.default_rng(seed), progress=progress)
            )
        if ensemble:
            scored.append(
                folds.cross_validate_ensemble(
                    data, _members(), np.random.default_rng(seed), progress=progress
                )
            )
        found = quality.evaluate_scorers(
            data,
            scored,
            np.random.default_rng(seed),
            thresholds=fixed,
            n_samples=samples,
            progress=progress,
        )
    if as_json:
        print_json(found.to_record())
    else:
        typer.echo(str(found))


def _read(files: list[Path], text: str, label: str, labels: str | None) -> "LabelledTexts":
    from cryptovolt.research.sentiment_quality_files import read_labelled
    from cryptovolt.sentiment.linear_labels import parse_label_names

    names = parse_label_names(labels) if labels else None
    return read_labelled(files, text, label, names)


def _scored(data: "LabelledTexts", given: list[str]) -> "list[Scored]":
    from cryptovolt.research.sentiment_quality import score_texts
    from cryptovolt.sentiment.scorers import load_scorer

    built_in = ("vader", "lexicon")
    wanted = list(dict.fromkeys(given))
    if not any(name in built_in for name in wanted):
        wanted = [*built_in, *wanted]
    # A folder's own name tells two linear scorers apart.
    return [score_texts(load_scorer(name), data, name.rstrip("/")) for name in wanted]
