"""VADER's rules over the units of a text, compiled.

With ``tables.extended`` off they are those of the ``vaderSentiment`` package, its oddities
included; with it on, those that ``docs/reference/lexicon.md`` lists differ.

References
----------
C. J. Hutto and E. Gilbert, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social
Media Text", ICWSM, 2014, p. 216.
"""

from math import sqrt

from cryptovolt.domain.arrays import FloatArray, IntArray
from cryptovolt.sentiment.lexicon_phrases import join, step, weigh
from cryptovolt.sentiment.lexicon_traits import (
    ACRONYM,
    ASKS,
    AT_VERY,
    BASE,
    BOOSTER,
    BUT,
    CAPITALS,
    DOUBT,
    DOUBTS,
    ENTRY,
    FIRST,
    IDIOM,
    KIND,
    KNOWN,
    LEAST,
    NEGATION,
    NEVER,
    NO,
    OF,
    OR_NOR,
    QUESTION,
    SHARE,
    SO_THIS,
    STOPS,
    TRAITS,
    TURNS,
    WITHOUT,
    CodeArray,
    Tables,
    Work,
    compiled,
    compiled_door,
)
from cryptovolt.sentiment.tokens import split, spread

CAPITALS_GAIN = 0.733
NEGATED = -0.74
"""VADER's means: what capitals add, and what a negation multiplies."""
HALF = 0.5
"""What a yes-or-no question asks, and what a text in doubt praises, counts half."""
_ALPHA = 15.0
_EXCLAMATION, _QUESTION = 0x21, 0x3F


@compiled_door
def score_texts(
    letters: CodeArray, offsets: IntArray, tables: Tables, work: Work, scores: FloatArray
) -> int:
    """Fill the score of each text; return how many units the last one has."""
    n_units = 0
    for text in range(offsets.size - 1):
        n_letters = spread(letters, offsets[text], offsets[text + 1], tables, work)
        n_units = split(n_letters, tables, work)
        if tables.extended:
            n_units = join(n_units, tables, work)
        scores[text] = _score(n_letters, n_units, tables, work)
    return n_units


@compiled
def _score(n_letters: int, n: int, tables: Tables, work: Work) -> float:
    weigh(n, tables, work)
    capitals = _capitals_differ(n, work)
    marks = 0
    for at in range(n):
        work.units[at, FIRST] = at
        work.worth[at, SHARE] = _rate(at, n, capitals, tables, work)
        marks |= work.units[at, TRAITS]
    if marks & BUT:
        _weigh_contrast(n, tables, work)
    if tables.extended and marks & (QUESTION | DOUBTS | TURNS):
        _weigh_cues(n, marks, work)
    total = 0.0
    for at in range(n):
        total += work.worth[at, SHARE]
    if total == 0.0:
        return 0.0
    gain = emphasis(n_letters, work.letters)
    total += gain if total > 0.0 else -gain
    return total / sqrt(total * total + _ALPHA)


@compiled_door
def emphasis(n_letters: int, letters: CodeArray) -> float:
    """Return what exclamation and question marks add to the size of a sum."""
    exclamations = 0
    questions = 0
    for at in range(n_letters):
        exclamations += letters[at] == _EXCLAMATION
        questions += letters[at] == _QUESTION
    gain = min(exclamations, 4) * 0.292
    if questions > 3:
        return gain + 0.96
    return gain + questions * 0.18 if questions > 1 else gain


@compiled
def _capitals_differ(n: int, work: Work) -> bool:
    n_capitals = 0
    for at in range(n):
        n_capitals += (work.units[at, TRAITS] & CAPITALS) != 0
    return 0 < n_capitals < n


@compiled
def _rate(at: int, n: int, capitals: bool, tables: Tables, work: Work) -> float:
    own = work.units[at, TRAITS]
    if own & BOOSTER or not own & KNOWN:
        return 0.0
    if own & KIND and at + 1 < n and work.units[at + 1, TRAITS] & OF:
        return 0.0
    valence = _after_no(at, n, work)
    if capitals and own & CAPITALS and not own & ACRONYM:
        valence += CAPITALS_GAIN if valence > 0.0 else -CAPITALS_GAIN
    for back in range(1, 4):
        if back > at or (tables.extended and work.units[at - back, TRAITS] & STOPS):
            break
        if not work.units[at - back, TRAITS] & KNOWN:
            valence = _by_word_before(valence, at, back, n, capitals, tables, work)
    return _after_least(valence, at, work)


@compiled
def _by_word_before(
    valence: float, at: int, back: int, n: int, capitals: bool, tables: Tables, work: Work
) -> float:
    before = valence
    valence = _by_degree(valence, at, back, capitals, tables, work)
    valence = _by_negation(valence, at, back, tables.extended, work)
    if back == 3 and _near_idiom(at, work):
        valence = _by_idioms(valence, at, n, tables, work)
    if valence != before:
        work.units[at, FIRST] = at - back
    return valence


@compiled
def _after_no(at: int, n: int, work: Work) -> float:
    base = work.worth[at, BASE]
    traits = work.units[:, TRAITS]
    if at > 0 and traits[at - 1] & NO:
        work.units[at, FIRST] = at - 1
        return base * NEGATED
    if at > 1 and traits[at - 2] & NO:
        work.units[at, FIRST] = at - 2
        return base * NEGATED
    if at > 2 and traits[at - 3] & NO and traits[at - 1] & OR_NOR:
        work.units[at, FIRST] = at - 3
        return base * NEGATED
    if traits[at] & NO and at != n - 1 and traits[at + 1] & KNOWN:
        return 0.0
    return base


@compiled
def _by_degree(
    valence: float, at: int, back: int, capitals: bool, tables: Tables, work: Work
) -> float:
    if not work.units[at - back, TRAITS] & BOOSTER:
        return valence
    gain = tables.boost[work.units[at - back, ENTRY]]
    if valence < 0.0:
        gain = -gain
    if capitals and work.units[at - back, TRAITS] & CAPITALS:
        gain += CAPITALS_GAIN if valence > 0.0 else -CAPITALS_GAIN
    if back == 2:
        gain *= 0.95
    elif back == 3:
        gain *= 0.9
    return valence + float(gain)


@compiled
def _by_negation(valence: float, at: int, back: int, extended: bool, work: Work) -> float:
    far = work.units[at - back, TRAITS]
    if back > 1:
        near = work.units[at - 1, TRAITS]
        middle = work.units[at - 2, TRAITS] if back == 3 else 0
        if _never_so(far, middle, near, back, extended):
            return valence * 1.25
        if far & WITHOUT and (near | middle) & DOUBT:
            return valence
    return valence * NEGATED if far & NEGATION else valence


@compiled
def _never_so(far: int, middle: int, near: int, back: int, extended: bool) -> bool:
    if back == 2 or extended:
        return far & NEVER != 0 and (near | middle) & SO_THIS != 0
    # VADER's own precedence: "so" or "this" right before a word is enough here.
    return (far & NEVER != 0 and middle & SO_THIS != 0) or near & SO_THIS != 0


@compiled
def _near_idiom(at: int, work: Work) -> bool:
    for back in range(4):  # noqa: SIM110 - compiled code has no generators
        if work.units[at - back, TRAITS] & IDIOM:
            return True
    return False


@compiled
def _idiom(first: int, last: int, n: int, tables: Tables, work: Work) -> int:
    # The node at which the words from first to last end, or −1.
    entry = work.units[first, ENTRY]
    if last >= n or entry < 0 or entry >= tables.trie.idiom_from.size:
        return -1
    node = int(tables.trie.idiom_from[entry])
    for at in range(first + 1, last + 1):
        if node < 0 or work.units[at, ENTRY] < 0:
            return -1
        node = step(node, work.units[at, ENTRY] * 2, tables.trie)
    return node


@compiled
def _by_idioms(valence: float, at: int, n: int, tables: Tables, work: Work) -> float:
    values = tables.trie.value
    for first, last in ((1, 0), (2, 0), (2, 1), (3, 1), (3, 2)):
        node = _idiom(at - first, at - last, n, tables, work)
        if node >= 0 and values[node] == values[node]:
            valence = float(values[node])
            break
    for ahead in (1, 2):
        node = _idiom(at, at + ahead, n, tables, work)
        if node >= 0 and values[node] == values[node]:
            valence = float(values[node])
    for first, last in ((3, 2), (2, 1)):
        node = _idiom(at - first, at - last, n, tables, work)
        if node >= 0 and tables.trie.entry[node] >= 0:
            valence += float(tables.boost[tables.trie.entry[node]])
    return valence


@compiled
def _after_least(valence: float, at: int, work: Work) -> float:
    if at == 0 or not work.units[at - 1, TRAITS] & LEAST or work.units[at - 1, TRAITS] & KNOWN:
        return valence
    if at > 1 and work.units[at - 2, TRAITS] & AT_VERY:
        return valence
    return valence * NEGATED


@compiled
def _weigh_contrast(n: int, tables: Tables, work: Work) -> None:
    turn = 0
    while not work.units[turn, TRAITS] & BUT:
        turn += 1
    for at in range(n):
        if work.worth[at, SHARE] == 0.0:
            continue
        place = at
        if not tables.extended:
            # VADER changes the first unit of the same size, not the one it looks at.
            place = 0
            while work.worth[place, SHARE] != work.worth[at, SHARE]:
                place += 1
        if place != turn:
            work.worth[place, SHARE] *= 0.5 if place < turn else 1.5


@compiled
def _weigh_cues(n: int, marks: int, work: Work) -> None:
    if marks & QUESTION:
        _weigh_questions(n, work)
    praise = NEGATED if marks & TURNS else (HALF if marks & DOUBTS else 1.0)
    for at in range(n):
        if work.worth[at, SHARE] > 0.0:
            work.worth[at, SHARE] *= praise


@compiled
def _weigh_questions(n: int, work: Work) -> None:
    begin = 0
    for at in range(n):
        if work.units[at, TRAITS] & (STOPS | QUESTION):
            if work.units[at, TRAITS] & QUESTION and work.units[begin, TRAITS] & ASKS:
                for asked in range(begin, at + 1):
                    work.worth[asked, SHARE] *= HALF
            begin = at + 1
