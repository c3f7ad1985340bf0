"""Lists of paper signatures, whatever a spreadsheet makes of them, and in whatever language."""

from datetime import date
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from petitions import names
from petitions.csv_lists import UnreadableList, WrongCell, decode_list
from petitions.i18n import COUNTRY_CODES, LANGUAGES, Message, translator
from petitions.paper.csv_rows import MAX_BYTES, MAX_NUMBER, MAX_ROWS, Entry, Row, digest_of, read_date, read_number
from petitions.paper.csv_rows import read_rows as read
from petitions.paper.headings import COLUMNS, column_of
from petitions.paper.persons import MAX_KEY, person_key

TODAY = date(2026, 11, 23)


def one(text: str, country: str = "") -> Row:
    """The only row of a list."""
    (row,) = read(text, country, TODAY)
    return row


def said(problem: Message | None) -> str:
    return translator("en").translate(problem) if problem is not None else ""


def wrong(text: str) -> dict[str, str]:
    row = one(text)
    assert row.entry is None
    return {column: said(problem) for column, problem in row.wrong}


def test_a_row_of_everything() -> None:
    text = (
        "name,city,country,mail,affiliation,date,sheet,line\n"
        " Ana  Sánchez ,Madrid,Spain,Ana@Example.org,UE,2026-11-22,0042,7\n"
    )
    assert one(text).entry == Entry("Ana Sánchez", "Madrid", "ES", "Ana@example.org", "UE", "2026-11-22", 42, 7)


@pytest.mark.parametrize(
    "heading",
    [
        "Name;Ort;Land;E-Mail;Organisation;Datum;Bogen;Zeile",
        "Nombre y apellidos;Ciudad;País;Correo electrónico;Organización;Fecha;Hoja;Línea",
        "Nom et prénom;Ville;Pays;Courriel;Organisme;Date;Feuille;Ligne",
        "Nome e cognome;Città;Paese;Posta elettronica;Ente;Data;Foglio;Riga",
        "Izen-abizenak;Hiria;Herrialdea;Helbide elektronikoa;Erakundea;Eguna;Orria;Lerroa",
        "Ainm iomlán;Cathair;Tír;Ríomhphost;Eagraíocht;Dáta;Leathanach;Líne",
        "Фамилия и имя;Город;Страна;Электронная почта;Организация;Дата;Лист;Строка",
        "الاسم;المدينة;البلد;البريد الإلكتروني;المنظمة;التاريخ;الورقة;السطر",
        "NAME;CITY;COUNTRY;MAIL;AFFILIATION;DATE;SHEET;LINE",
    ],
)
def test_columns_in_every_language(heading: str) -> None:
    row = one(f"{heading}\nAna;Madrid;ES;ana@example.org;UE;22.11.2026;3;4\n")
    assert row.entry == Entry("Ana", "Madrid", "ES", "ana@example.org", "UE", "2026-11-22", 3, 4)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_page_calls_a_column_can_be_written_above_it(language: str) -> None:
    words = translator(language)
    assert {column: column_of(words.translate(label)) for column, label in COLUMNS.items()} == {
        column: column for column in COLUMNS
    }


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(("encoding", "end"), [("utf-8", "\n"), ("utf-8-sig", "\r\n"), ("utf-16", "\r")])
def test_files_of_any_spreadsheet(separator: str, encoding: str, end: str) -> None:
    lines = (("Country", "NAME", ""), ("ES", '"Núñez, Ana"', ""))
    text = end.join(separator.join(line) for line in lines)
    row = one(decode_list(text.encode(encoding)))
    assert row.entry == Entry("Núñez, Ana", None, "ES", None, None, None, None, None)
    assert row.line == 2


def test_a_country_for_all_rows() -> None:
    rows = read("name,country\nAna,\nBoris,DE\n", "ES", TODAY)
    assert [row.entry.country for row in rows if row.entry] == ["ES", "DE"]
    assert wrong("name\nAna\n") == {"country": "Please fill this in, or choose a country for all rows."}


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-11-22", "2026-11-22"),
        ("2026-1-2 00:00:00", "2026-01-02"),
        ("22.11.2026", "2026-11-22"),
        ("2. 1. 2026", "2026-01-02"),
        ("3/4/2026", "2026-04-03"),
        ("3-4-2026", "2026-04-03"),
        ("٢٢/١١/٢٠٢٦", "2026-11-22"),
        ("", None),
    ],
)
def test_days(cell: str, day: str | None) -> None:
    assert read_date(cell) == day


@pytest.mark.parametrize(
    "cell", ["11/22/2026", "22.11.26", "31.2.2026", "today", "1899-01-01", "2026-11-22x", "1-2.2026"]
)
def test_what_is_no_day(cell: str) -> None:
    with pytest.raises(WrongCell):
        read_date(cell)


def test_a_day_that_is_yet_to_come() -> None:
    assert wrong("name,country,date\nAna,ES,24.11.2026\n") == {"date": "This day is yet to come."}
    assert one("name,country,date\nAna,ES,23.11.2026\n").entry is not None


@pytest.mark.parametrize(("cell", "number"), [("0042", 42), ("٤٢", 42), ("", None), (str(MAX_NUMBER), MAX_NUMBER)])
def test_numbers(cell: str, number: int | None) -> None:
    assert read_number(cell) == number


@pytest.mark.parametrize("cell", ["0", "-1", "1.5", "x", "1,000", str(MAX_NUMBER + 1), "9" * 60])
def test_what_is_no_number(cell: str) -> None:
    with pytest.raises(WrongCell):
        read_number(cell)


def test_every_mistake_of_a_row_is_told() -> None:
    found = wrong("name,city,country,mail,date,sheet\n=1+1,http://x.org,Nowhere,ana@,soon,zero,rest\n")
    assert found.keys() == {"name", "city", "country", "mail", "date", "sheet", ""}
    assert found[""] == "It has more cells than the first row. Is a comma within a cell quoted?"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "There is nothing in it."),
        ("name,city\n", "There is no row below"),
        ("name,place of birth\nAna,Rome\n", "names a column “place of birth”"),
        ("name,Nombre\nAna,Ana\n", "names the column “Nombre” twice"),
        ("city\nRome\n", "has to name the columns name too"),
        ('name\n"Ana\n', "From line 2 on it cannot be read"),
        ("name\n" + "Ana\n" * (MAX_ROWS + 1), "more than"),
        ("name\n" + "é" * MAX_BYTES, "too long"),
    ],
)
def test_lists_that_cannot_be_read(text: str, problem: str) -> None:
    with pytest.raises(UnreadableList) as error:
        read(text, "ES", TODAY)
    assert problem in said(error.value.problem)


def test_the_same_rows_have_the_same_digest_however_they_were_written() -> None:
    rows = read("name,country\nAna,ES\n", "", TODAY)
    assert digest_of(rows, 1) == digest_of(read("Land;Name\r\nSpain;Ana\r\n", "", TODAY), 1)
    assert digest_of(rows, 1) != digest_of(rows, 2)
    assert digest_of(rows, 1) != digest_of(read("name,country\nAna,FR\n", "", TODAY), 1)


CELLS = st.text(alphabet=st.characters(exclude_categories=()), max_size=30) | st.sampled_from(
    ["Ana", "ES", "ana@example.org", "2026-11-22", "7", "=1", "\u202e", "\x00", "\ud800", "ﷺ" * 20, ""]
)


@given(st.binary(max_size=300))
def test_no_file_breaks_the_reading(data: bytes) -> None:
    try:
        rows = read(decode_list(data), "ES", TODAY)
    except UnreadableList:
        return
    assert all((row.entry is None) == bool(row.wrong) for row in rows)


@given(st.lists(st.lists(CELLS, min_size=8, max_size=9), min_size=1, max_size=4))
@example([["Ana", "ﷺ" * 120, "ES", "", "", "", "", ""]])
def test_what_comes_in_can_be_stored(cells: list[list[str]]) -> None:
    """Whatever stands in the cells: a row is right and fits its columns, or says what is wrong."""
    quoted = ["\t".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in cells]
    try:
        rows = read("\n".join(("\t".join(COLUMNS), *quoted)), "", TODAY)
    except UnreadableList:
        return
    for row in rows:
        assert all(said(problem) for _, problem in row.wrong)
        if row.entry is None:
            continue
        entry = row.entry
        for text in (entry.name, entry.city, entry.affiliation):
            assert text is None or (0 < len(text) <= 120 and not names.has_forbidden_characters(text))
            assert text is None or text.encode("utf-8")
        assert entry.country in COUNTRY_CODES
        assert entry.date is None or date.fromisoformat(entry.date) <= TODAY
        assert all(number is None or 1 <= number <= MAX_NUMBER for number in (entry.sheet, entry.line))
        assert 0 < len(person_key(entry.name, entry.city)) <= MAX_KEY
        assert len(digest_of(rows, 1)) == 32


@given(st.lists(st.text("abcñéßжعب", min_size=1, max_size=8), min_size=1, max_size=6), st.randoms())
def test_a_person_is_known_whatever_the_case_and_the_order(words: list[str], random: Random) -> None:
    shuffled = [word.upper() if random.random() < 0.5 else word for word in words]
    random.shuffle(shuffled)
    assert person_key(" ".join(words), "Bonn") == person_key("  ".join(shuffled), "BONN")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("Ana Sánchez", "Madrid"), ("SANCHEZ, Ana", "madrid"), True),
        (("Ana Sánchez", None), ("Ana Sanchez", ""), True),
        (("Ana Sánchez", "Madrid"), ("Ana Sánchez", None), False),
        (("Ana Ruiz", "Madrid"), ("Ana", "Ruiz Madrid"), False),
        (("Jean-Luc Moreau", "Paris"), ("Moreau Jean Luc", "Paris"), True),
        (("王小明", "北京"), ("王小明", "北京"), True),
        (("🙏", None), ("🙂", None), False),
    ],
)
def test_who_is_alike(one: tuple[str, str | None], other: tuple[str, str | None], same: bool) -> None:
    assert (person_key(*one) == person_key(*other)) is same


def test_long_names_that_differ_at_their_end_stay_apart() -> None:
    assert person_key("ﬃ" * 119 + "a", None) != person_key("ﬃ" * 119 + "b", None)
