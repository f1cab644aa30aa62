"""Text from outside is bounded and shown as it is, before it meets the page."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invoice_renderer.text import COMBINING_MARKS_IN_A_ROW, TextRefused, clean_text

LIMIT = 120
SMILE = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "a \u0301\u0300\u0327\u0344\u0cc6\u0cd5\u200b\u200d\u00ad\u034f"
            "\u202e\u2066\u2028\x00\x85"
        ),
    ),
    max_size=400,
)


def cleaned(raw: str) -> str | None:
    try:
        return clean_text(raw, limit=LIMIT)
    except TextRefused:
        return None


def is_mark(character: str) -> bool:
    return unicodedata.category(character) in {"Mn", "Me"}


@given(HOSTILE)
def test_cleaning_twice_is_cleaning_once(raw: str) -> None:
    once = cleaned(raw)

    assert once is None or once == clean_text(once, limit=LIMIT)


@given(HOSTILE)
def test_what_comes_out_fits_and_has_no_control_and_no_bidi_control(raw: str) -> None:
    text = cleaned(raw) or ""

    assert len(text) <= LIMIT
    assert [each for each in text if unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"}] == []
    assert [each for each in text if each in "\u202a\u202b\u202c\u202d\u202e"] == []
    assert [each for each in text if "\u2066" <= each <= "\u206f"] == []


@given(HOSTILE)
def test_no_more_than_four_combining_marks_stand_in_a_row(raw: str) -> None:
    row = 0
    for character in cleaned(raw) or "":
        row = row + 1 if is_mark(character) else 0
        assert row <= COMBINING_MARKS_IN_A_ROW


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=LIMIT))
def test_plain_words_stay_as_they_are(raw: str) -> None:
    assert raw == clean_text(raw, limit=LIMIT)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("  Acme \t Inc.\r\n", "Acme Inc."),
        ("Acme\u2028Inc.", "Acme Inc."),
        ("Acme\x85Inc.", "Acme Inc."),
        ("Ac\x00me\x1b", "Acme"),
        ("\u202e0.001 RUE", "0.001 RUE"),
        ("\u2066Acme\u2069", "Acme"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("e\x00\u0301", "\u00e9"),
        ("a\u200b\u200b\u200bb", "a\u200bb"),
        ("so\u00ad\u00adft", "so\u00adft"),
        ("a" + "\u0301" * 9, "\u00e1" + "\u0301" * 4),
        ("Nguy\u1ec5n", "Nguy\u1ec5n"),
        ("xml\uffff\ufffe", "xml"),
        ("flag \U000e0067\U000e0062", "flag"),
        (SMILE, SMILE),
    ],
)
def test_what_has_no_shape_on_paper_is_removed(raw: str, expected: str) -> None:
    assert expected == clean_text(raw, limit=LIMIT)


def test_a_zero_width_character_does_not_start_a_new_row_of_marks() -> None:
    raw = "x" + ("\u0301" * 4 + "\u200b") * 5

    assert sum(map(is_mark, clean_text(raw, limit=LIMIT))) == COMBINING_MARKS_IN_A_ROW


@pytest.mark.parametrize(
    "raw", ["", "   ", "\u200b", " \u200b \u00ad ", "\x00", "\u202e", "\ufeff"]
)
def test_text_with_nothing_to_see_is_empty(raw: str) -> None:
    """Else a name of zero-width spaces would print as a blank line."""
    assert clean_text(raw, limit=LIMIT) == ""


def test_text_at_the_limit_passes_and_one_more_character_does_not() -> None:
    assert clean_text("x" * LIMIT, limit=LIMIT) == "x" * LIMIT
    with pytest.raises(TextRefused, match="is longer than 120 characters"):
        clean_text("x" * (LIMIT + 1), limit=LIMIT)


def test_the_limit_counts_what_is_left_after_cleaning() -> None:
    assert clean_text(f"  {'x' * LIMIT}\x00\x00  ", limit=LIMIT) == "x" * LIMIT


@pytest.mark.parametrize("raw", ["\ud800", "a\udfffb"])
def test_half_a_surrogate_pair_is_refused(raw: str) -> None:
    with pytest.raises(TextRefused, match="is not valid Unicode"):
        clean_text(raw, limit=LIMIT)


def test_a_refusal_never_quotes_the_text() -> None:
    with pytest.raises(TextRefused) as refused:
        clean_text("Jane Roe " * 100, limit=LIMIT)

    assert "Jane" not in str(refused.value)


@pytest.mark.parametrize("limit", [64, 120, 2_000])
@pytest.mark.parametrize(
    "hostile",
    [
        " ",
        "\n",
        "x",
        "\u200b",
        "\u00ad",
        "\u0301",
        "\u202e",
        "\U0001f468\u200d",
        "a\u0416\u4e2d\u0623",
        "\u200b ",
        "\u0344",
    ],
)
def test_100_000_hostile_characters_are_answered_at_once(hostile: str, limit: int) -> None:
    raw = hostile * (100_000 // len(hostile))
    started = time.process_time()

    with pytest.raises(TextRefused):
        clean_text(raw, limit=limit)

    assert time.process_time() - started < 0.05


@pytest.mark.parametrize(
    "hostile", ["\u200b ", "\u0301", "a\u0301\u0327", "\u0344", "\u200b\u0301"]
)
def test_the_longest_text_that_is_read_at_all_is_cleaned_at_once(hostile: str) -> None:
    raw = (hostile * 16_000)[:16_000]
    started = time.process_time()

    cleaned(raw)

    assert time.process_time() - started < 0.1
