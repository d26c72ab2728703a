"""The page of a study says what it shows, and marks what flatters."""

from pathlib import Path

import numpy as np

from cryptovolt.domain.sentiment import SentimentSeries
from cryptovolt.report.sentiment_study import write_sentiment_study
from cryptovolt.research.sentiment_study import study_sentiment
from cryptovolt.research.synthetic import synthetic_bars


def test_the_page_shows_every_part_and_loads_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)
    bars = synthetic_bars(2_500, end=1_700_000_000_000, rng=rng)
    seen = np.sort(rng.integers(int(bars.timestamp[0]), int(bars.timestamp[-1]), 600))
    news = SentimentSeries(event_time=seen, observed_at=seen, score=rng.uniform(-1, 1, 600))
    found = study_sentiment(bars, news, rng=rng, n_samples=20)
    page = write_sentiment_study(
        found, tmp_path / "study.html", title="<script>news</script>", synthetic=True
    ).read_text()
    for part in (
        "No edge shown",
        "Information coefficients",
        "By half-year",
        "bursts of bad news",
        "FLATTERING",
        "SYNTHETIC",
        found.sentiment_hash,
    ):
        assert part in page
    assert "<script" not in page
    assert "http" not in page
