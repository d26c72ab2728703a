"""Which language a text is in, by script and by its commonest words.

It keeps texts from a scorer that cannot read them. Words of the market ("bitcoin", "price") are
the same in many languages and therefore say nothing. A judgement depends on the text alone.
"""

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

UNDETERMINED = "und"
"""Too few words to tell; the code of ISO 639-2."""

MAX_READ_CHARACTERS = 2_000
_WORD = re.compile(r"[^\W\d_]+")
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|[@#$]\w+")
_MIN_SCRIPT_SHARE = 0.3

_SCRIPTS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "ja": re.compile("[\u3040-\u30ff]"),
        "zh": re.compile("[\u3400-\u9fff]"),
        "ko": re.compile("[\u1100-\u11ff\uac00-\ud7af]"),
        "ru": re.compile("[\u0400-\u04ff]"),
        "ar": re.compile("[\u0600-\u06ff]"),
        "he": re.compile("[\u0590-\u05ff]"),
        "el": re.compile("[\u0370-\u03ff]"),
        "th": re.compile("[\u0e00-\u0e7f]"),
        "hi": re.compile("[\u0900-\u097f]"),
    }
)
_MARKS: Mapping[str, tuple[str, re.Pattern[str]]] = MappingProxyType(
    {"ru": ("uk", re.compile("[іїєґ]")), "ar": ("fa", re.compile("[پچژگ]"))}
)
"""Letters that tell a second language of the same script."""

_STOP_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "en": "the and of to in is that for with on this are was it be as at by from have has not "
        "but they you we his her its will would can could should after over up down about what "
        "when who why how more than new into says said just your my our their out all an if or "
        "so no do does did been were which these those there here now still against before "
        "between amid record high low rises falls hits price buy sell i am going get got "
        "reports gets says sees calls drops moves keeps more market first million "
        "billion year week today",
        "es": "el la los las de del que y en un una es por con para no se su al lo como más pero "
        "sus le ya o este sí porque esta entre cuando muy sin sobre también me hasta hay donde "
        "desde todo nos durante ni contra ese esto",
        "pt": "o os as de do da dos das que e em um uma é por com para não se seu sua ao no na nos "
        "nas como mais mas foi ele ela já ou muito também só pelo pela até isso entre depois sem "
        "mesmo aos seus são você está",
        "fr": "le la les de des du que et en un une est pour par pas dans qui sur au aux ce cette "
        "il elle ils nous vous mais ou son sa ses leur plus avec tout être sont été fait comme "
        "se ne je très aussi",
        "de": "der die das und ist nicht ein eine einen mit für auf von zu den dem des sich im es "
        "auch als an nach wie bei oder aus wird werden hat haben sind aber noch nur über vor zum "
        "zur ich wir sie er kann mehr",
        "it": "il lo la gli le di del della dei che e in un una è per con non si da al alla come "
        "più ma anche sono ha nel nella questo questa suo sua dopo ci mi ti molto essere",
        "nl": "de het een en van is niet dat op te met voor zijn er aan ook als bij naar door over "
        "maar om dan nog wel geen wordt worden heeft hebben deze dit uit zo meer ik je wij",
        "tr": "ve bir bu da de için ile çok daha ne gibi kadar ama olarak olan var yok mi mı ben "
        "sen o biz en sonra değil her şey ise",
        "pl": "i w na z do się nie to jest że o jak ale po za od przez dla czy tak już tylko może "
        "są był była było które który oraz",
        "id": "yang dan di ke dari ini itu untuk dengan tidak akan pada adalah juga sudah bisa ada "
        "saya kita kami mereka dalam oleh atau karena lebih",
        "vi": "và của là có không được cho trong một với các này đã để người những khi từ cũng về "
        "như đến tại vào nhưng",
    }
)


def language_of(text: str) -> str:
    """Return the language as an ISO 639 code, ``"und"`` where the text does not say.

    Parameters
    ----------
    text : str
        Only the first 2,000 characters are read; addresses, tags and cashtags do not count.
    """
    letters = "".join(_WORD.findall(_ADDRESS.sub(" ", text[:MAX_READ_CHARACTERS])))
    if not letters:
        return UNDETERMINED
    for language, pattern in _SCRIPTS.items():
        if len(pattern.findall(letters)) > _MIN_SCRIPT_SHARE * len(letters):
            other, marks = _MARKS.get(language, (language, pattern))
            return other if marks.search(letters.lower()) else language
    return _by_stop_words(text[:MAX_READ_CHARACTERS])


def _by_stop_words(text: str) -> str:
    votes: Counter[str] = Counter()
    for word in _WORD.findall(_ADDRESS.sub(" ", text).lower()):
        votes.update(_languages_of().get(word, ()))
    if not votes:
        return UNDETERMINED
    (best, count), *others = votes.most_common(2)
    tied = bool(others) and others[0][1] == count
    # One short word of another language stands in many an English text: a name, an abbreviation.
    return UNDETERMINED if tied or (best != "en" and count < 2) else best


@cache
def _languages_of() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for language, words in _STOP_WORDS.items():
        for word in dict.fromkeys(words.split()):
            found.setdefault(word, []).append(language)
    return {word: tuple(languages) for word, languages in found.items()}
