import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptovolt.sentiment.language import language_of

TEXTS = [
    ("Bitcoin falls below the support as traders flee", "en"),
    ("this is not what I expected from a stablecoin", "en"),
    ("El precio de bitcoin cae por la noticia de los reguladores", "es"),
    ("O preço do bitcoin não para de subir, você está pronto?", "pt"),
    ("Le cours du bitcoin est en hausse avec les ETF", "fr"),
    ("Der Kurs von Bitcoin ist gefallen und wird weiter fallen", "de"),
    ("Il prezzo del bitcoin è sceso dopo la notizia della banca", "it"),
    ("De koers van bitcoin is gedaald en het gaat niet goed", "nl"),
    ("Bitcoin fiyatı çok düştü ve daha da düşecek gibi", "tr"),
    ("Cena bitcoina spadła i nie jest to koniec, bo rynek się boi", "pl"),
    ("Harga bitcoin turun dan akan naik pada bulan ini", "id"),
    ("Биткоин упал ниже поддержки", "ru"),
    ("Біткоїн впав нижче підтримки", "uk"),
    ("比特币价格今天下跌", "zh"),
    ("ビットコインの価格が下がった", "ja"),
    ("비트코인 가격이 하락했다", "ko"),
    ("انخفض سعر البيتكوين", "ar"),
    ("$BTC 🚀🚀 https://the.and.of/is", "und"),
    ("BTC ETH SOL", "und"),
    ("42,000", "und"),
    ("", "und"),
]


@pytest.mark.parametrize(("text", "language"), TEXTS)
def test_languages_are_told_apart(text: str, language: str) -> None:
    assert language_of(text) == language


def test_a_foreign_name_in_a_headline_makes_no_other_language() -> None:
    assert language_of("Grupo del Norte stocks") == "und"


@given(st.text(max_size=200))
def test_any_text_has_a_code(text: str) -> None:
    assert 2 <= len(language_of(text)) <= 3


@given(st.text(max_size=80))
def test_white_space_around_a_text_plays_no_part(text: str) -> None:
    assert language_of(f"  {text} \n") == language_of(text)
