"""A text becomes units: cleaned, emoji by name, split into words, looked up. Compiled.

All functions write into the arrays of :class:`Work` and return how much of them is used.
"""

from cryptovolt.domain.arrays import IntArray
from cryptovolt.sentiment.lexicon_traits import (
    ALONE,
    CAPITALS,
    CLOSED,
    COMMA,
    DIGIT,
    DROPPED,
    END,
    ENTRY,
    LOWER,
    MINUS,
    N_CODES,
    NAME,
    NEGATION,
    NO,
    OPENED,
    PERCENT,
    PICTURE,
    PIECE,
    PLUS,
    PUNCTUATION,
    QUESTION,
    SPACE,
    SPLIT,
    START,
    STOPS,
    TRAITS,
    UPPER,
    CodeArray,
    Int32Array,
    KindArray,
    Tables,
    Words,
    Work,
    compiled,
    compiled_door,
)

_BLANK = 0x20
_APOSTROPHE = 0x27
_COMMA = 0x2C
_DOT = 0x2E
_COLON = 0x3A
_SEMICOLON = 0x3B
_QUESTION = 0x3F
_EXCLAMATION = 0x21
_HYPHEN = 0x2D
_PLUS = 0x2B
_PERCENT = 0x25
_AT = 0x40
_DOLLAR = 0x24
_SLASH = 0x2F
_N, _T, _S, _W = 0x6E, 0x74, 0x73, 0x77
SHORT = 2
"""VADER keeps the punctuation of a token whose rest is no longer than this, as an emoticon."""


@compiled
def hash_of(letters: CodeArray, begin: int, end: int) -> int:
    """Return a hash of letters that are in lower case already."""
    value = 5381
    for at in range(begin, end):
        value = value * 1_000_003 + letters[at]
    return value ^ (value >> 31)


@compiled_door
def fill_slots(word_start: Int32Array, word_letters: CodeArray, slots: Int32Array) -> None:
    """Enter every word at the first free slot at or after its hash."""
    mask = slots.size - 1
    for word in range(word_start.size - 1):
        slot = hash_of(word_letters, word_start[word], word_start[word + 1]) & mask
        while slots[slot] >= 0:
            slot = (slot + 1) & mask
        slots[slot] = word


@compiled
def find(begin: int, end: int, words: Words, letters: CodeArray) -> int:
    """Return the word that these letters are, or −1; every letter is compared."""
    mask = words.slots.size - 1
    slot = hash_of(letters, begin, end) & mask
    word = words.slots[slot]
    while word >= 0:
        start = words.start[word]
        if words.start[word + 1] - start == end - begin:
            at = begin
            while at < end and words.letters[start + at - begin] == letters[at]:
                at += 1
            if at == end:
                return int(word)
        slot = (slot + 1) & mask
        word = words.slots[slot]
    return -1


@compiled_door
def spread(text: CodeArray, begin: int, end: int, tables: Tables, work: Work) -> int:
    """Copy one text in lower case, each emoji as the words of its description, signs folded."""
    characters = tables.characters
    n = 0
    blank = True
    for at in range(begin, end):
        code = text[at]
        kind = int(characters.kind[code]) if code < N_CODES else 0
        if kind & (PICTURE | DROPPED | ALONE):
            n = _spread_sign(int(code), kind, at - begin, n, blank, tables, work)
            blank = kind & PICTURE == 0 or tables.extended
            continue
        work.letters[n] = characters.read[code] if code < N_CODES else code
        work.kinds[n] = kind
        work.source[n] = at - begin
        n += 1
        blank = code == _BLANK
    return n


@compiled
def _spread_sign(
    code: int, kind: int, source: int, n: int, blank: bool, tables: Tables, work: Work
) -> int:
    if kind & DROPPED:
        return n
    if kind & ALONE:
        # An emoji with a valence of its own is a word wherever it stands.
        n = _put(_BLANK, SPACE, source, n, work)
        n = _put(code, 0, source, n, work)
        return _put(_BLANK, SPACE, source, n, work)
    characters = tables.characters
    picture = characters.picture[code]
    if not blank:
        n = _put(_BLANK, SPACE, source, n, work)
    for at in range(characters.picture_start[picture], characters.picture_start[picture + 1]):
        letter = int(characters.picture_letters[at])
        read, kind = int(characters.read[letter]), int(characters.kind[letter])
        n = _put(read, kind, source, n, work)
    return _put(_BLANK, SPACE, source, n, work) if tables.extended else n


@compiled
def _put(code: int, kind: int, source: int, n: int, work: Work) -> int:
    work.letters[n] = code
    work.kinds[n] = kind
    work.source[n] = source
    return n + 1


@compiled
def split(n_letters: int, tables: Tables, work: Work) -> int:
    """Return the number of units between the spaces of a text."""
    n = 0
    at = 0
    while at < n_letters:
        while at < n_letters and work.kinds[at] & SPACE:
            at += 1
        begin = at
        while at < n_letters and not work.kinds[at] & SPACE:
            at += 1
        if begin < at:
            n = _add_token(begin, at, n, tables, work)
    return n


@compiled
def _add_token(begin: int, end: int, n: int, tables: Tables, work: Work) -> int:
    left = begin
    right = end
    while left < right and work.kinds[left] & PUNCTUATION:
        left += 1
    while right > left and work.kinds[right - 1] & PUNCTUATION:
        right -= 1
    if not tables.extended:
        if right - left <= SHORT:
            return _unit(begin, end, 0, n, tables, work)
        return _unit(left, right, 0, n, tables, work)
    form = _edges(begin, left, right, end, work)
    if _is_name(begin, left, right, work):
        _unit(left, right, form | NAME, n, tables, work)
        work.units[n, ENTRY] = -1
        work.units[n, TRAITS] = form | NAME
        return n + 1
    return _add_words(begin, end, left, right, form, n, tables, work)


@compiled
def _add_words(
    begin: int, end: int, left: int, right: int, form: int, n: int, tables: Tables, work: Work
) -> int:
    traits = tables.words.traits
    if right - left <= SHORT:
        entry = find(begin, end, tables.words, work.letters)
        if entry >= 0:
            return _enter(begin, end, form, entry, n, traits, work)
    if left == right:
        # Punctuation by itself is no word; it only ends what stands before it.
        if n > 0:
            work.units[n - 1, TRAITS] |= form & (STOPS | QUESTION | CLOSED)
        return n
    entry = find(left, right, tables.words, work.letters)
    if entry >= 0 or work.kinds[left] & DIGIT or not _has_signs(left, right, work.kinds):
        return _enter(left, right, form, entry, n, traits, work)
    if work.letters[right - 1] == _S and work.letters[right - 2] == _APOSTROPHE:
        return _unit(left, right - 2, form, n, tables, work)
    return _add_pieces(left, right, form, n, tables, work)


@compiled
def _has_signs(left: int, right: int, kinds: KindArray) -> bool:
    for at in range(left, right):  # noqa: SIM110 - compiled code has no generators
        if kinds[at] & PUNCTUATION:
            return True
    return False


@compiled
def _add_pieces(left: int, right: int, form: int, n: int, tables: Tables, work: Work) -> int:
    begin = left
    opened = form & OPENED
    hyphen = False
    for at in range(left, right + 1):
        inside = at < right
        if inside and not work.kinds[at] & SPLIT:
            continue
        sign = work.letters[at] if inside else 0
        if at > begin:
            near = hyphen or sign == _HYPHEN
            piece = (form & ~OPENED if not inside else _sign_form(sign)) | opened
            n = _unit(begin, at, piece | (PIECE if near else 0), n, tables, work)
            opened = 0
        hyphen = sign == _HYPHEN
        begin = at + 1
    return n


@compiled
def _sign_form(sign: int) -> int:
    if sign == _HYPHEN:
        return 0
    if sign == _COMMA:
        return COMMA
    form = CLOSED
    if sign in (_DOT, _EXCLAMATION, _QUESTION, _SEMICOLON, _COLON):
        form |= STOPS
    if sign == _QUESTION:
        form |= QUESTION
    return form


@compiled
def _edges(begin: int, left: int, right: int, end: int, work: Work) -> int:
    form = OPENED if left > begin else 0
    if left > begin and work.letters[left - 1] == _HYPHEN:
        form |= MINUS
    if left > begin and work.letters[left - 1] == _PLUS:
        form |= PLUS
    for at in range(right, end):
        sign = work.letters[at]
        form |= PERCENT if sign == _PERCENT else _sign_form(sign)
    return form


@compiled
def _is_name(begin: int, left: int, right: int, work: Work) -> bool:
    # An account, the ticker of a coin and an address are names: "$MOON" says nothing of a rise.
    if left > begin and right > left:
        sign = work.letters[left - 1]
        first = work.letters[left]
        if sign in (_AT, _DOLLAR) and 0x61 <= first <= 0x7A:
            return True
    for at in range(left, right - 2):
        one, two, three = work.letters[at], work.letters[at + 1], work.letters[at + 2]
        if one == _COLON and two == _SLASH and three == _SLASH:
            return True
    return right - left > 4 and _starts_www(left, work)


@compiled
def _starts_www(left: int, work: Work) -> bool:
    for at in range(left, left + 3):
        if work.letters[at] != _W:
            return False
    return work.letters[left + 3] == _DOT


@compiled
def _unit(begin: int, end: int, form: int, n: int, tables: Tables, work: Work) -> int:
    entry = find(begin, end, tables.words, work.letters)
    return _enter(begin, end, form, entry, n, tables.words.traits, work)


@compiled
def _enter(
    begin: int, end: int, form: int, entry: int, n: int, traits: IntArray, work: Work
) -> int:
    kinds = 0
    for at in range(begin, end):
        kinds |= work.kinds[at]
        if work.letters[at] == _APOSTROPHE and _is_not(at, begin, end, work.letters):
            form |= NEGATION
    if kinds & UPPER and not kinds & LOWER:
        form |= CAPITALS
    # "No, it is good" answers; "no good" negates.
    if entry >= 0 and not (traits[entry] & NO and form & (COMMA | STOPS)):
        form |= traits[entry]
    work.units[n, START] = begin
    work.units[n, END] = end
    work.units[n, ENTRY] = entry
    work.units[n, TRAITS] = form
    return n + 1


@compiled
def _is_not(at: int, begin: int, end: int, letters: CodeArray) -> bool:
    return begin < at < end - 1 and letters[at - 1] == _N and letters[at + 1] == _T
