"""Phone numbers, addresses and identifiers: which are some, whose they are, and which are none."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from classifiers.contacts import contacts_in
from classifiers.identifiers import identifiers_in, is_tax_number
from classifiers.rule_files import read_rule_files
from classifiers.rules import RulesClassifier
from modbot.domain import Category, Comment
from modbot.errors import BadConfig

RULES = Path(__file__).parents[2] / "config" / "rules"


@pytest.fixture(scope="module")
def rules() -> RulesClassifier:
    return RulesClassifier.load(RULES)


def scores(rules: RulesClassifier, text: str, post: str = "") -> dict[str, float]:
    comment = Comment(
        page_id="facebook:1",
        platform="facebook",
        id="1",
        post_id="1",
        text=text,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        post_text=post,
    )
    found = rules.classify([comment])[0]
    return {s.evidence.rule: s.score for s in found if s.category is Category.PRIVACY}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("978-555-0142", "19785550142"),
        ("(978) 555.0142", "19785550142"),
        ("+1 978 555 0142", "19785550142"),
        ("9 7 8 5 5 5 0 1 4 2", "19785550142"),
        ("978 555 01 42", "19785550142"),
        ("nine seven eight five five five zero one four two", "19785550142"),
        ("nine78 five55 01 forty two", "19785550142"),
        ("nueve siete ocho cinco cinco cinco cero uno cuatro dos", "19785550142"),
        ("809 555 0142", "18095550142"),
        ("829-555-0142", "18295550142"),
        ("939.555.0142", "19395550142"),
        ("+55 11 98765 4321", "5511987654321"),
        ("call 555-0142", "19785550142"),
    ],
)
def test_a_number_is_read_however_it_is_written(text: str, number: str) -> None:
    assert [contact.value for contact in contacts_in(text)] == [number]


@pytest.mark.parametrize(
    "text",
    [
        "12/15/2026 at 10:30",
        "61-58, 63-58 and 21-14 21-19",
        "$142,460 and 2,300 coats",
        "room 214, bus 26, route 101",
        "RIP 2012-2026",
        "ZIP 01841 or 01841-1234",
        "order 9785550142",
        "123-456-7890",
        "978 123 4567",
        "one two three four, we want a little more",
        "18 de 2026 a las 3 30 y 4 15",
    ],
)
def test_other_numbers_are_no_phone_numbers(text: str) -> None:
    assert list(contacts_in(text)) == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("write ana.p@mail.example now", "ana.p@mail.example"),
        ("ana (at) mail (dot) example", "ana@mail.example"),
        ("ana arroba gmail punto com", "ana@gmail.com"),
    ],
)
def test_an_email_address_is_read_however_it_is_written(text: str, address: str) -> None:
    assert [contact.value for contact in contacts_in(text)] == [address]


@pytest.mark.parametrize(
    ("text", "rule", "score"),
    [
        ("call me at 978-555-0142", "private:phone", 0.8),
        ("mi cel es 978 555 0142", "private:phone", 0.8),
        ("978-555-0142", "private:phone", 0.8),
        ("carpool? my cell is 978-555-0142, ask for Denise", "private:phone", 0.8),
        ("my son's counselor could email me at home, ana@mail.example", "private:email", 0.8),
        ("los padres de la Arlington: este es mi cel 978 555 0142", "private:phone", 0.8),
        ("llámenme al 978 555 0142, mi vecina vive sola", "private:phone", 0.8),
        ("call me at 978-555-0142, her cell is 978-555-0143", "private:phone", 1.0),
        ("my mother's cell is 978-555-0142, she lives alone", "private:phone", 1.0),
        ("holloways personal cell, nine78 five five five 0142", "private:phone", 1.0),
        ("su num es el 978 555 0142 por si hay que avisarle", "private:phone", 1.0),
        ("la tesorera, apúntenle: 978-555-0142", "private:phone", 1.0),
        ("her personal cell is 978-555-0142", "private:phone", 1.0),
        ("el celular de ella: 978 555 0142", "private:phone", 1.0),
        ("my email is ana@mail.example, write me", "private:email", 0.8),
        ("his email is ana@mail.example", "private:email", 1.0),
        ("She lives at 18 Larkspur Ave, go knock", "private:address", 1.0),
        ("ella vive en la Jackson 170", "private:address", 1.0),
        ("la familia de la calle Exeter 19, apto 2", "private:address", 1.0),
        ("I live at 18 Larkspur Ave and the plow never came", "private:address", 0.8),
        ("his social is 123-45-6789", "private:ssn", 1.0),
        ("student id 6620147", "private:student_id", 1.0),
        ("gray Jetta, plate 3ZKR88", "private:plate", 1.0),
        ("nació el 3/14/2015", "private:date_of_birth", 1.0),
    ],
)
def test_ones_own_goes_to_a_person_and_anothers_is_hidden(
    rules: RulesClassifier, text: str, rule: str, score: float
) -> None:
    assert scores(rules, text).get(rule) == score


@pytest.mark.parametrize(
    "text",
    [
        "The Guilmette office is 978-555-0135",
        "Llamen al 978-555-0110 que a mí me atendieron",
        "language@lps.example.org answered me",
        "write to registrar@lawrence.k12.ma.us",
        "the accident at 18 Larkspur Ave",
        "fue custodio de la Bruce 22 años",
        "my plate is full",
        "Main number for the program is 978-555-0142, ask for guidance",
        "el número de la oficina es 978-555-0142",
    ],
)
def test_what_is_public_is_no_private_fact(rules: RulesClassifier, text: str) -> None:
    assert scores(rules, text) == {}


def test_the_number_of_the_post_is_public_in_any_spelling(rules: RulesClassifier) -> None:
    text = "her direct line is nine78 555 0142"
    assert scores(rules, text) != {}
    assert scores(rules, text, post="Questions? (978) 555-0142") == {}


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("123-45-6789", True),
        ("912-70-1234", True),  # ITIN
        ("912-66-1234", False),
        ("000-12-3456", False),
        ("666-12-3456", False),
        ("123-00-4567", False),
        ("123-45-0000", False),
    ],
)
def test_a_tax_number_follows_the_rules_of_its_issuer(number: str, valid: bool) -> None:
    assert is_tax_number(*number.split("-")) is valid
    assert [found.kind for found in identifiers_in(number)] == ["ssn"] * valid


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Ask Jonathan Frías in 10th, he's been on antidepressants", True),
        ("la del gorro es Rachell Guzmán, estuvo embarazada y lo perdió", True),
        ("o Davi Nogueira tem autismo, fiquem longe dele", True),
        ("Congratulations to Marco Díaz on the honor roll!", False),
        ("Proud of Ana Pérez, she beat cancer and made the honor roll", False),
        ("Epilepsy awareness night with the Health Office", False),
    ],
)
def test_a_full_name_with_a_private_fact_is_hidden(
    rules: RulesClassifier, text: str, hidden: bool
) -> None:
    assert (1.0 in scores(rules, text).values()) is hidden


def test_a_published_contact_is_read_in_any_spelling_and_a_faulty_one_is_told(
    tmp_path: Path,
) -> None:
    rules = tmp_path / "own.toml"
    rules.write_text('published_contacts = ["(978) 555-0142", "lps.example.org"]\n')
    assert read_rule_files(tmp_path).published == {"19785550142", "lps.example.org"}
    rules.write_text('\npublished_contacts = ["555"]\n')
    with pytest.raises(BadConfig, match="no phone number with area code") as told:
        read_rule_files(tmp_path)
    assert (told.value.file, told.value.line) == (str(rules), 2)
