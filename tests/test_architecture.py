"""What CONTRIBUTING.md asks of every file, and whether the documents say what the code does."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from modbot.cli.app import app
from modbot.settings.policy_file import CategoryEntry, PolicyFile
from modbot.settings.sections import Settings

ROOT = Path(__file__).parents[1]
FILE_LINES, FUNCTION_LINES = 400, 40
VAGUE = {"util", "utils", "helper", "helpers", "manager", "common", "misc", "base", "handler"}
PACKAGES = ("modbot", "platforms", "classifiers", "tests")
MODULES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text("utf-8")))


def test_no_file_is_longer_than_a_person_reads_at_once() -> None:
    lengths = {named(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert len(lengths) > 100  # it looked at the real tree
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES} == {}


def test_no_function_is_longer_than_a_screen() -> None:
    lengths = {
        f"{named(path)} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in MODULES
        for node in nodes(path)
        if isinstance(node, FUNCTIONS) and "migrations/versions" not in named(path)
    }
    assert {name: lines for name, lines in lengths.items() if lines > FUNCTION_LINES} == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    parts = {named(path): set(re.split(r"[/_.]", named(path).lower())) for path in MODULES}
    assert [name for name, words in parts.items() if words & VAGUE] == []


def patches(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name in ("mock", "unittest.mock") for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return node.module in ("mock", "unittest.mock") or (
            node.module == "unittest" and any(alias.name == "mock" for alias in node.names)
        )
    return (
        isinstance(node, ast.Attribute)
        and node.attr in ("setattr", "delattr")
        and isinstance(node.value, ast.Name)
        and node.value.id == "monkeypatch"
    )


def test_no_test_patches_the_code_under_test() -> None:
    found = [
        f"{named(path)}:{getattr(node, 'lineno', 0)}"
        for path in (ROOT / "tests").rglob("*.py")
        for node in nodes(path)
        if patches(node)
    ]
    assert found == []


def test_the_shipped_modbot_toml_shows_every_setting_with_its_default() -> None:
    shipped = tomllib.loads((ROOT / "config" / "modbot.toml").read_text("utf-8"))
    assert shipped == Settings().model_dump(mode="json")


def test_the_shipped_policy_toml_or_its_document_names_every_key() -> None:
    told = (ROOT / "config" / "policy.toml").read_text("utf-8")
    told += (ROOT / "docs" / "policy.md").read_text("utf-8")
    keys = {*CategoryEntry.model_fields, *PolicyFile.model_fields}
    assert [key for key in sorted(keys) if not re.search(rf"\b{key}\b", told)] == []


@cache
def commands() -> dict[tuple[str, ...], Any]:
    """Every command by its words: ("pages", "add")."""
    found: dict[tuple[str, ...], Any] = {}

    def walk(command: Any, words: tuple[str, ...]) -> None:
        below = getattr(command, "commands", {})
        for name, one in below.items():
            walk(one, (*words, name))
        if not below:
            found[words] = command

    walk(typer.main.get_command(app), ())
    return found


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_is_in_the_documents(command: tuple[str, ...]) -> None:
    told = "".join(path.read_text("utf-8") for path in DOCUMENTS)
    assert re.search(rf"modbot {' '.join(command)}\b", told)


def shown_commands() -> Iterator[tuple[str, list[str]]]:
    """Every `modbot ...` line of the documents' indented blocks, with the words after modbot."""
    for path in DOCUMENTS:
        text = path.read_text("utf-8").replace("\\\n", " ")
        for line in re.findall(r"^    (?:\.venv/bin/)?modbot (.*)$", text, re.MULTILINE):
            words = shlex.split(line.partition("#")[0])
            yield f"{path.name}: modbot {line.strip()}", words


@pytest.mark.parametrize(
    "words", [pytest.param(words, id=shown[:70]) for shown, words in shown_commands()]
)
def test_a_command_in_the_documents_can_be_typed_like_that(words: list[str]) -> None:
    name = next((tuple(words[:n]) for n in (2, 1) if tuple(words[:n]) in commands()), ())
    assert name, f"no command {words[:2]}"
    # Parses the words as the program would, and does nothing.
    commands()[name].make_context("modbot", words[len(name) :])


def test_the_design_says_where_every_part_of_modbot_is() -> None:
    told = (ROOT / "docs" / "design.md").read_text("utf-8")
    parts = {
        path.name + ("/" if path.is_dir() else "")
        for path in (ROOT / "modbot").iterdir()
        if not path.name.startswith("_")
    }
    untold = {part for part in parts - {"locale/"} if part not in told}
    assert untold - {"default_config/"} == set()


def test_every_file_that_a_document_names_is_there() -> None:
    place = re.compile(r"(?<![\w/])(?:modbot|platforms|classifiers|tests|config|docs)/[\w./-]*\w")
    missing = {
        f"{path.name}: {name}"
        for path in DOCUMENTS
        for name in place.findall(path.read_text("utf-8"))
        if not re.search("[A-Z]{3}", name) and not (ROOT / name).exists()
    }
    assert missing == set()
