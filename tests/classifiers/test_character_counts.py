"""Texts of ASCII, which are counted as bytes, and all others give what their characters say."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from classifiers.character_counts import capitals_in, digits_in, letters_in


@given(st.text(st.characters(max_codepoint=127)) | st.text("aZñÑÁÜ09٣²ªé 🙂\ud800"))
def test_bytes_and_characters_are_counted_alike(text: str) -> None:
    assert digits_in(text) == len(re.findall(r"\d", text))
    assert capitals_in(text) == len(re.findall("[A-ZÁÉÍÓÚÑ]", text))
    assert letters_in(text) == sum(character.isalpha() for character in text)
