"""Sentiment: texts become scores, scores become a vote."""

from cryptovolt.sentiment.fear_greed import read_fear_greed
from cryptovolt.sentiment.news import DEFAULT_DELAY, News, NewsItem, read_news, read_sentiment
from cryptovolt.sentiment.scorer import SCORER_NAME, score_sentiment, scorer_hash
from cryptovolt.sentiment.series import merge_series, series_of
from cryptovolt.sentiment.snapshot import read_sentiment_snapshot, write_sentiment_snapshot

__all__ = [
    "DEFAULT_DELAY",
    "SCORER_NAME",
    "News",
    "NewsItem",
    "merge_series",
    "read_fear_greed",
    "read_news",
    "read_sentiment",
    "read_sentiment_snapshot",
    "score_sentiment",
    "scorer_hash",
    "series_of",
    "write_sentiment_snapshot",
]
