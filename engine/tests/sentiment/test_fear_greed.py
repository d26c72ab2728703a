"""The daily index is known when its day has ended, and not before."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from cryptovolt.domain.errors import ConfigurationError, DataError
from cryptovolt.domain.sentiment import FEAR_GREED
from cryptovolt.sentiment import read_fear_greed

DAY_MS = 86_400_000
FEBRUARY = 1_517_443_200_000
HEADER = "date,timestamp,fear_greed_index,value_classification\n"


def write(folder: Path, content: str, name: str = "index.csv") -> Path:
    path = folder / name
    path.write_text(content)
    return path


def test_a_day_counts_as_seen_when_it_is_over(tmp_path: Path) -> None:
    rows = "2018-02-02,1517529600,15,Extreme Fear\n2018-02-01,1517443200,30,Fear\n"
    index = read_fear_greed(write(tmp_path, HEADER + rows), delay=timedelta(hours=1))
    assert index.origins == (FEAR_GREED,)
    assert index.event_time.tolist() == [FEBRUARY, FEBRUARY + DAY_MS]
    assert (index.observed_at - index.event_time).tolist() == [DAY_MS + 3_600_000] * 2
    np.testing.assert_allclose(index.score, [-0.4, -0.7])
    assert len(index.texts()) == 0


def test_the_answer_of_the_index_as_json_lines_reads_the_same(tmp_path: Path) -> None:
    lines = '{"value": "30", "value_classification": "Fear", "timestamp": "1517443200"}\n'
    index = read_fear_greed(write(tmp_path, lines, "index.jsonl"))
    assert index.score.tolist() == pytest.approx([-0.4])
    assert index.event_time.tolist() == [FEBRUARY]


def test_days_that_have_not_begun_are_left_out(tmp_path: Path) -> None:
    rows = "2018-02-01,1517443200,30,Fear\n2018-02-03,1517616000,40,Fear\n"
    path = write(tmp_path, HEADER + rows)
    assert len(read_fear_greed(path, as_of=FEBRUARY + DAY_MS)) == 1


REFUSED = [
    ("2018-02-01,1517443200,130,Greed\n", "line 2: expected an index from 0 to 100, found 130"),
    ("2018-02-01,1517443200,nan,Greed\n", "line 2: expected an index from 0 to 100, found nan"),
    ("2018-02-01,1517443200,much,Greed\n", "line 2: expected an index from 0 to 100, found 'much'"),
    ("someday,1517443200,13,Fear\n", "line 2: expected a time such as"),
    ("2018-02-01,1,13,Fear\n2018-02-01,1,14,Fear\n", "line 3: expected one value a day"),
    ("", "expected daily values in index.csv, found none"),
]


@pytest.mark.parametrize(("rows", "sentence"), REFUSED)
def test_what_is_no_index_is_refused(tmp_path: Path, rows: str, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        read_fear_greed(write(tmp_path, HEADER + rows))


def test_a_negative_delay_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "2018-02-01,1517443200,30,Fear\n")
    with pytest.raises(ConfigurationError, match="expected a delay of zero or more"):
        read_fear_greed(path, delay=timedelta(seconds=-1))
