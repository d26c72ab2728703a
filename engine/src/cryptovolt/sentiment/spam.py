"""Spam and machines: how likely a post is one, and why.

A post is judged by its words (giveaways, referral links, bait to write privately, slogans) and by
what was seen before it: the same text again by its author or by many others, and the author's
pace. Each reason has a stated probability; together they make ``1 − Π (1 − p)``. The numbers are
judgement and fitted to nothing. News *about* a scam is no scam: words of warning take the reasons
of content away.

Memory is bounded by numbers of authors and texts. A judgement depends on earlier calls only.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from cryptovolt.domain.errors import ConfigurationError
from cryptovolt.domain.timeframe import DAY_MS
from cryptovolt.sentiment.spam_signs import SIGNS, template_of
from cryptovolt.sentiment.text import clean_text, text_digest

MAX_POSTS_AN_HOUR = 20
"""An author who writes more is read as a machine."""

MAX_REPEATS = 2
"""An author may post a text this often within the window."""

MAX_COPIES = 3
"""As many authors may post one text within the window; more are a campaign."""

_HOUR_MS = DAY_MS // 24
_POSTS_KEPT = 64
_AUTHORS_KEPT = 64
_DIGITS = 20
_REPEATED = 0.7
_PACE = 0.6
_COPIED = 0.5
_MIN_COPIED_WORDS = 6


@dataclass(frozen=True, slots=True)
class Judgement:
    """How likely a post is spam, in [0, 1], and every reason; none means 0."""

    probability: float
    reasons: tuple[str, ...]


@dataclass(slots=True)
class _Author:
    written: deque[int] = field(default_factory=lambda: deque(maxlen=_POSTS_KEPT))
    texts: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=_POSTS_KEPT))
    seen_ms: int = 0


@dataclass(slots=True)
class _Text:
    authors: OrderedDict[str, int] = field(default_factory=OrderedDict[str, int])


class SpamFilter:
    """Judges posts one after the other, in the order they are seen.

    Parameters
    ----------
    window_ms : int, default=86,400,000
        How long posts count for repeats and copies.
    max_authors, max_texts : int
        Most authors and different texts remembered; who was silent for longest is forgotten first.

    Raises
    ------
    ConfigurationError
        If a number is below 1.
    """

    def __init__(
        self, window_ms: int = DAY_MS, *, max_authors: int = 10_000, max_texts: int = 20_000
    ) -> None:
        if min(window_ms, max_authors, max_texts) < 1:
            raise ConfigurationError(
                "expected a window, authors and texts of at least 1, found "
                f"{window_ms} ms, {max_authors} and {max_texts}"
            )
        self._window_ms = window_ms
        self._max_authors = max_authors
        self._max_texts = max_texts
        self._authors: OrderedDict[str, _Author] = OrderedDict()
        self._texts: OrderedDict[str, _Text] = OrderedDict()

    def __len__(self) -> int:
        return len(self._authors) + len(self._texts)

    def judge(
        self, text: str, author: str | None, seen_ms: int, *, written_ms: int | None = None
    ) -> Judgement:
        """Return how likely the post is spam, and remember it.

        Parameters
        ----------
        text : str
            The post, cleaned.
        author : str, optional
            Any stable name of the author, such as its hash. None for news: an outlet writes a lot,
            and others reprint it.
        seen_ms : int
            When the post was seen, milliseconds UTC.
        written_ms : int, optional
            When it was written: the author's pace is counted on it, so that posts fetched
            together are not taken for a burst.

        Returns
        -------
        Judgement
        """
        text = clean_text(text)
        found = dict(_content(text))
        if author is not None:
            found.update(self._conduct(text, author, seen_ms, written_ms))
        innocent = 1.0
        for weight in found.values():
            innocent *= 1.0 - weight
        return Judgement(1.0 - innocent if found else 0.0, tuple(found))

    def _conduct(
        self, text: str, author: str, seen_ms: int, written_ms: int | None
    ) -> dict[str, float]:
        words = template_of(text)
        template = text_digest(words)[:_DIGITS]
        moment = seen_ms if written_ms is None else written_ms
        known = self._note_author(author, template, seen_ms, moment)
        copies = self._note_text(template, author, seen_ms)
        found: dict[str, float] = {}
        if sum(post == template for _, post in known.texts) > MAX_REPEATS:
            found["repeated by its author"] = _REPEATED
        if sum(abs(moment - other) < _HOUR_MS for other in known.written) > MAX_POSTS_AN_HOUR:
            found["posting rate"] = _PACE
        if copies > MAX_COPIES and len(words.split()) >= _MIN_COPIED_WORDS:
            found["copied by many authors"] = _COPIED
        return found

    def _note_author(self, author: str, template: str, seen_ms: int, moment: int) -> _Author:
        known = self._authors.setdefault(author, _Author())
        self._authors.move_to_end(author)
        while known.texts and seen_ms - known.texts[0][0] > self._window_ms:
            known.texts.popleft()
        known.texts.append((seen_ms, template))
        known.written.append(moment)
        while len(self._authors) > self._max_authors:
            self._authors.popitem(last=False)
        return known

    def _note_text(self, template: str, author: str, seen_ms: int) -> int:
        authors = self._texts.setdefault(template, _Text()).authors
        self._texts.move_to_end(template)
        authors[author] = seen_ms
        authors.move_to_end(author)
        while seen_ms - next(iter(authors.values())) > self._window_ms:
            authors.popitem(last=False)
        while len(authors) > _AUTHORS_KEPT:
            authors.popitem(last=False)
        while len(self._texts) > self._max_texts:
            self._texts.popitem(last=False)
        return len(authors)


def _content(text: str) -> list[tuple[str, float]]:
    return [(sign.reason, sign.weight) for sign in SIGNS if sign.found_in(text)]
