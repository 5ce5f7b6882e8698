"""The line of every key of a TOML text."""

from __future__ import annotations

import pytest

from modbot.settings.toml_lines import KeyLines


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        pytest.param("a = 1\nb = 2", ("b",), 2, id="plain"),
        pytest.param("[t]\n\n# c\na = 1", ("t", "a"), 4, id="in a table"),
        pytest.param("[t]\na = 1", ("t", "zz"), 1, id="unknown key: its table"),
        pytest.param("[t.u]\na = 1", ("t",), 1, id="table made on the way"),
        pytest.param("a.b.c = 1\na.b.d = 2", ("a", "b", "d"), 2, id="dotted"),
        pytest.param('"a b".\'c\' = 1', ("a b", "c"), 1, id="quoted"),
        pytest.param('a = """\nb = 1\n"""\nb = 2', ("b",), 4, id="text over lines"),
        pytest.param("a = '''\n[b]\n'''\n[b]\nc = 1", ("b", "c"), 5, id="literal over lines"),
        pytest.param("a = [\n1, # ]\n2]\nb = 2", ("b",), 4, id="list over lines"),
        pytest.param("a = [\n{x = 1},\n]\nb = 2", ("a", 0, "x"), 1, id="inside a list"),
        pytest.param("a = {b = 1, c = 2}\nd = 1", ("d",), 2, id="after an inline table"),
        pytest.param("[[t]]\na = 1\n[[t]]\na = 2", ("t", 1, "a"), 4, id="array of tables"),
        pytest.param("[[t]]\n[t.u]\na = 1\n[[t]]\n[t.u]\na = 2", ("t", 1, "u", "a"), 6,
                     id="table in an array"),
        pytest.param("a = 1\r\nb = 2\r\n", ("b",), 2, id="CR LF"),
        pytest.param('a = "#["\nb = 2', ("b",), 2, id="signs in a text"),
        pytest.param('a = "x" # it\'s "so\nb = 2', ("b",), 2, id="quotes in a comment"),
        pytest.param("[t] # [u]\na = 1", ("t", "a"), 2, id="comment after a header"),
        pytest.param('a = """x"y""z"""\nb = 2', ("b",), 2, id="quotes in a text over lines"),
        pytest.param('a = """x""""\nb = 2', ("b",), 2, id="a quote at the end"),
    ],
)  # fmt: skip
def test_the_line_of_a_key(text: str, path: tuple[str | int, ...], line: int) -> None:
    assert KeyLines(text).line(path) == line
