"""Files as people send them: any encoding and separator, spoiled lines told by their number."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from messaging.contacts.attributes.values import date_of, value_of
from messaging.contacts.imports.reading import MOST_ROWS, FileRefused, form_of, lines
from messaging.contacts.imports.rows import Person, Problem, person_in
from tenants.lib.sheets import harmless

HEADER = "Name;Telefon\n"
MAPPING = ["name", "phone"]


def read(content: bytes) -> list[tuple[int, list[str], str]]:
    return [(line.number, [*line.cells], line.spoiled) for line in lines(content, form_of(content))]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_umlauts_are_read_in_any_usual_encoding(encoding: str) -> None:
    assert read(f"{HEADER}Jürgen Groß;0151\n".encode(encoding))[0][1] == ["Jürgen Groß", "0151"]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(separator: str) -> None:
    form = form_of(f"Name{separator}Telefon\nAna{separator}1\n".encode())
    assert (form.delimiter, form.columns) == (separator, ["Name", "Telefon"])


def test_a_cell_may_hold_separators_and_line_breaks(tmp_path: object) -> None:
    assert read(b'Name;Note\n"Ana; Berg";"one\ntwo"\nBen;x\n') == [
        (3, ["Ana; Berg", "one\ntwo"], ""),
        (4, ["Ben", "x"], ""),
    ]


def test_a_spoiled_line_is_told_and_its_neighbours_are_read() -> None:
    content = (HEADER + "Jürgen;1\n" * 12).encode() + b"B\xe4r;2\n" + "Änne;3\n".encode()
    spoiled = [line for line in read(content) if line[2]]
    assert [(number, reason) for number, _cells, reason in spoiled] == [(14, "encoding")]
    assert read(content)[-1][1] == ["Änne", "3"]


def test_empty_lines_are_no_rows() -> None:
    assert [cells for _number, cells, _spoiled in read(b"Name;Telefon\n\n;\n  ;\nAna;1\n")] == [["Ana", "1"]]


@pytest.mark.parametrize(("row", "reason"), [("a;b;c", "columns"), ("a\0;b", "encoding"), ("x" * 10_001, "long")])
def test_what_is_wrong_with_a_line_has_a_name(row: str, reason: str) -> None:
    assert read(f"{HEADER}{row}\n".encode())[0][2] == reason


@pytest.mark.parametrize(
    "content", [b"", b"  \n", b"PK\x03\x04 sheet", b"\xd0\xcf\x11\xe0 sheet", b";;;\nAna\n", b"a;" * 101 + b"\n"]
)
def test_what_is_no_table_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(FileRefused, match=r"\w+"):
        form_of(content)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_file_with_more_lines_than_are_read_is_refused_and_not_cut(end: str) -> None:
    full = f"Telefon{end}" + f"0{end}" * MOST_ROWS
    assert form_of(full.encode()).columns == ["Telefon"]
    with pytest.raises(FileRefused, match="500,000"):
        form_of(f"{full}0{end}".encode())


def test_a_first_line_that_is_one_endless_cell_names_no_columns() -> None:
    with pytest.raises(FileRefused, match="name the columns"):
        form_of(b"x" * 1_100_000 + b"\nAna\n")


@given(st.binary(max_size=300))
def test_no_bytes_bring_it_down(content: bytes) -> None:
    try:
        form = form_of(content)
    except FileRefused:
        return
    for line in lines(content, form):
        person_in(line.number, line.cells, MAPPING, {}, "DE")


@pytest.mark.parametrize("cell", ["=1+1", "+49151", "-2", "@cmd", "\tx", "\rx"])
def test_no_cell_of_ours_is_a_formula(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


# --- Cells ------------------------------------------------------------------------------------------------------------


def person(*cells: str, mapping: list[str] | None = None, kinds: dict[str, str] | None = None) -> Person | Problem:
    return person_in(2, cells, mapping or MAPPING, kinds or {}, "DE")


@pytest.mark.parametrize(
    "written", ["0151 12345678", "+49 151 12345678", "0049 151 12345678", "'+4915112345678", "4915112345678.0"]
)
def test_a_number_is_read_however_it_is_written(written: str) -> None:
    found = person("Ana", written if not written.startswith("49") else f"+{written}")
    assert isinstance(found, Person)
    assert found.phone == "+4915112345678"


@pytest.mark.parametrize(("written", "reason"), [("", "no_phone"), ("4.9E+12", "phone"), ("abc", "phone")])
def test_a_number_that_is_none_is_told(written: str, reason: str) -> None:
    assert person("Ana", written) == Problem(2, "phone", reason)


def test_first_and_last_name_are_one_name() -> None:
    found = person(" Ana ", "Berg", "0151 12345678", mapping=["first_name", "last_name", "phone"])
    assert isinstance(found, Person)
    assert found.name == "Ana Berg"


@pytest.mark.parametrize(
    ("text", "value"), [("1.234,5", "1234.5"), ("1,234.5", "1234.5"), ("-3", "-3"), ("1 000", "1000")]
)
def test_a_number_is_kept_in_one_form(text: str, value: str) -> None:
    assert value_of(text, "number") == value


@pytest.mark.parametrize("text", ["viele", "1e9", "NaN", "1.2.3,4,5", ""])
def test_what_is_no_number_is_none(text: str) -> None:
    assert value_of(text, "number") is None


@pytest.mark.parametrize("text", ["2026-02-28", "28.02.2026", "28/02/2026", "28.02.26"])
def test_a_date_is_read_however_it_is_written(text: str) -> None:
    assert str(date_of(text)) == "2026-02-28"


@pytest.mark.parametrize("text", ["2026-02-29", "31.04.2026", "gestern", "02/28/2026"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert date_of(text) is None


def test_nobody_has_agreed_in_the_future() -> None:
    found = person("0151 12345678", "2999-01-01", mapping=["phone", "agreed_on"])
    assert found == Problem(2, "agreed_on", "future")
