"""The tables.

Importing any of them brings all, because foreign keys cross the modules.
"""

from app.models import auth, database, feed, learning, market, orders, paper, research, sentiment

__all__ = [
    "auth",
    "database",
    "feed",
    "learning",
    "market",
    "orders",
    "paper",
    "research",
    "sentiment",
]
