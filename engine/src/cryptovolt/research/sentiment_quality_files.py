"""Files of texts that people have labelled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptovolt.domain.errors import DataError
from cryptovolt.sentiment.linear_fit import MAX_TEXTS
from cryptovolt.sentiment.linear_labels import classes_of, read_labels
from cryptovolt.sentiment.rows import find_column, read_rows
from cryptovolt.sentiment.text import clean_text

MAX_BYTES = 256 * 1024 * 1024
"""Larger files are refused before they are read."""

_MAX_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledTexts:
    """Texts with their labels.

    Parameters
    ----------
    texts, labels : tuple of str
        Labels are negative, neutral or positive.
    classes : tuple of str
        Those that occur, from bad to good.
    n_empty : int
        Rows without text, which are left out.
    source : str
        Names of the files.
    """

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    classes: tuple[str, ...]
    n_empty: int = 0
    source: str = ""

    def __len__(self) -> int:
        return len(self.texts)


def read_labelled(
    paths: Sequence[str | Path],
    text: str,
    label: str,
    names: Mapping[str, str] | None = None,
) -> LabelledTexts:
    """Return the labelled texts of csv or jsonl files.

    Parameters
    ----------
    paths : sequence of str or Path
        In UTF-8, at most 256 MB together and 200,000 texts.
    text, label : str
        Their columns, in any case.
    names : mapping of str to str, optional
        What the labels mean, from :func:`cryptovolt.sentiment.linear_labels.parse_label_names`;
        their usual names by default.

    Raises
    ------
    DataError
        If a file cannot be read, is too large, lacks a column or has a label that is not known; if
        there is nothing to tell apart.
    """
    files = [Path(path) for path in paths]
    source = ", ".join(file.name for file in files)
    _check_size(files)
    texts: list[str] = []
    raw: list[str] = []
    n_empty = 0
    for file in files:
        for row_text, row_label in _rows(file, text, label):
            cleaned = clean_text(row_text[:_MAX_CHARACTERS])
            if not cleaned:
                n_empty += 1
                continue
            texts.append(cleaned)
            raw.append(row_label)
            if len(texts) > MAX_TEXTS:
                raise DataError(f"expected at most {MAX_TEXTS:,} texts, found more in {source}")
    if not texts:
        raise DataError(f"expected labelled texts in {source}, found none")
    labels = read_labels(raw, names)
    return LabelledTexts(
        texts=tuple(texts),
        labels=tuple(labels),
        classes=classes_of(labels),
        n_empty=n_empty,
        source=source,
    )


def _rows(file: Path, text: str, label: str) -> list[tuple[str, str]]:
    columns: tuple[str, str] | None = None
    found: list[tuple[str, str]] = []
    for number, row in read_rows(file):
        if columns is None:
            columns = (find_column(row, text, (), "--text"), find_column(row, label, (), "--label"))
        if any(column not in row for column in columns):
            raise DataError(f"{file.name}, line {number}: expected {' and '.join(columns)}")
        found.append((row[columns[0]], row[columns[1]]))
        if len(found) > MAX_TEXTS:
            raise DataError(f"expected at most {MAX_TEXTS:,} texts, found more in {file.name}")
    return found


def _check_size(files: Sequence[Path]) -> None:
    n_bytes = 0
    for file in files:
        if not file.is_file():
            raise DataError(f"expected a file of labelled texts, found nothing at {file}")
        n_bytes += file.stat().st_size
    if n_bytes > MAX_BYTES:
        raise DataError(
            f"expected at most {MAX_BYTES // 2**20} MB of labelled texts, found "
            f"{n_bytes // 2**20:,} MB; give a part of them"
        )
