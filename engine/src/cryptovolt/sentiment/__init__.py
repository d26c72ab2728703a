"""Sentiment: texts become scores, scores become a vote."""

from cryptovolt.sentiment.news import DEFAULT_DELAY, News, NewsItem, read_news, read_sentiment
from cryptovolt.sentiment.scorer import SCORER_NAME, score_sentiment, scorer_hash

__all__ = [
    "DEFAULT_DELAY",
    "SCORER_NAME",
    "News",
    "NewsItem",
    "read_news",
    "read_sentiment",
    "score_sentiment",
    "scorer_hash",
]
