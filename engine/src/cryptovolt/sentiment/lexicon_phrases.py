"""Units become fewer: phrases are joined, and moves in percent get a valence. Compiled."""

from math import log1p

from cryptovolt.sentiment.lexicon_traits import (
    BASE,
    CAPITALS,
    CLOSED,
    COMMA,
    CRYPTO,
    END,
    ENTRY,
    FALLS,
    KNOWN,
    MINUS,
    OPENED,
    PERCENT,
    PERCENT_WORD,
    PIECE,
    PLUS,
    QUESTION,
    RISES,
    START,
    STOPS,
    TO,
    TRAITS,
    Tables,
    Trie,
    Work,
    compiled,
)

MOVE_SCALE = 0.8
MAX_MOVE = 3.0
"""A move of p percent is worth 0.8 · ln(1 + p), at most 3: 1 % gives 0.6, 12 % 2.1, 42 % 3."""
_ZERO, _NINE, _DOT, _COMMA = 0x30, 0x39, 0x2E, 0x2C
_FORMS = CAPITALS | STOPS | QUESTION | PERCENT | MINUS | PLUS | COMMA | OPENED | CLOSED


@compiled
def join(n: int, tables: Tables, work: Work) -> int:
    """Replace the words of each phrase by one unit, the longest phrase first; return how many."""
    out = 0
    at = 0
    while at < n:
        last, phrase = _longest(at, n, tables, work)
        traits = work.units[at, TRAITS]
        entry = work.units[at, ENTRY]
        if phrase >= 0:
            traits = tables.words.traits[phrase] | _form_of_phrase(at, last, work)
            entry = phrase
        elif traits & PIECE and not traits & CRYPTO:
            # "well-known" is not "well": of a compound only our own terms count by themselves.
            traits &= _FORMS
            entry = -1
        work.units[out, START] = work.units[at, START]
        work.units[out, END] = work.units[last, END]
        work.units[out, ENTRY] = entry
        work.units[out, TRAITS] = traits
        out += 1
        at = last + 1
    return out


@compiled
def _longest(at: int, n: int, tables: Tables, work: Work) -> tuple[int, int]:
    last = at
    phrase = -1
    entry = work.units[at, ENTRY]
    node = int(tables.trie.phrase_from[entry]) if entry >= 0 else -1
    while node >= 0:
        at += 1
        if at >= n or work.units[at, ENTRY] < 0:
            break
        if work.units[at - 1, TRAITS] & CLOSED or work.units[at, TRAITS] & OPENED:
            break
        comma = 1 if work.units[at - 1, TRAITS] & COMMA else 0
        node = step(node, work.units[at, ENTRY] * 2 + comma, tables.trie)
        if node >= 0 and tables.trie.entry[node] >= 0:
            last = at
            phrase = int(tables.trie.entry[node])
    return last, phrase


@compiled
def step(node: int, word: int, trie: Trie) -> int:
    """Return the node that a word leads to, or −1."""
    for edge in range(trie.edge_start[node], trie.edge_start[node + 1]):
        if trie.edges[edge, 0] == word:
            return int(trie.edges[edge, 1])
    return -1


@compiled
def _form_of_phrase(first: int, last: int, work: Work) -> int:
    form = work.units[last, TRAITS] & (STOPS | QUESTION | COMMA | CLOSED)
    form |= work.units[first, TRAITS] & OPENED
    capitals = CAPITALS
    for at in range(first, last + 1):
        capitals &= work.units[at, TRAITS]
    return form | capitals


@compiled
def weigh(n: int, tables: Tables, work: Work) -> None:
    """Give each unit the valence it has before the rules."""
    for at in range(n):
        work.worth[at, BASE] = (
            tables.valence[work.units[at, ENTRY]] if work.units[at, ENTRY] >= 0 else 0.0
        )
        if tables.extended and _is_percent(at, n, work):
            valence = _move(at, n, work)
            if valence != 0.0:
                work.worth[at, BASE] = valence
                work.units[at, TRAITS] |= KNOWN


@compiled
def _is_percent(at: int, n: int, work: Work) -> bool:
    if not _ZERO <= work.letters[work.units[at, START]] <= _NINE:
        return False
    if work.units[at, TRAITS] & PERCENT:
        return True
    return at + 1 < n and (work.units[at + 1, TRAITS] & PERCENT_WORD) != 0


@compiled
def _move(at: int, n: int, work: Work) -> float:
    direction = _direction_before(at, work)
    if direction == 0.0:
        direction = _direction_after(at, n, work)
    if direction == 0.0:
        traits = work.units[at, TRAITS]
        direction = -1.0 if traits & MINUS else (1.0 if traits & PLUS else 0.0)
    if direction == 0.0 or direction == 9.0:
        return 0.0
    return direction * min(MAX_MOVE, MOVE_SCALE * log1p(_number(at, work)))


@compiled
def _direction_before(at: int, work: Work) -> float:
    # "up to 12 %" names a level, not a move: 9 says that there is none, whatever follows.
    for back in range(1, 4):
        if back > at or work.units[at - back, TRAITS] & STOPS:
            return 0.0
        if work.units[at - back, TRAITS] & TO:
            return 9.0
        direction = _direction(at - back, work)
        if direction != 0.0:
            return direction
    return 0.0


@compiled
def _direction_after(at: int, n: int, work: Work) -> float:
    for ahead in range(1, 4):
        if at + ahead >= n or work.units[at + ahead - 1, TRAITS] & (STOPS | COMMA):
            return 0.0
        direction = _direction(at + ahead, work)
        if direction != 0.0:
            return direction
    return 0.0


@compiled
def _direction(at: int, work: Work) -> float:
    # A word that has a valence itself has said most of it: the number adds half.
    size = 0.5 if work.units[at, TRAITS] & KNOWN else 1.0
    if work.units[at, TRAITS] & RISES:
        return size
    return -size if work.units[at, TRAITS] & FALLS else 0.0


@compiled
def _number(at: int, work: Work) -> float:
    value = 0.0
    scale = 0.0
    for place in range(work.units[at, START], work.units[at, END]):
        code = work.letters[place]
        if code == _DOT and scale == 0.0:
            scale = 1.0
        elif _ZERO <= code <= _NINE:
            value = value * 10.0 + (code - _ZERO)
            scale *= 10.0
        elif code != _COMMA:
            break
    return value / scale if scale > 1.0 else value
