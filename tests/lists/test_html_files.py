"""Lists as pages: everything escaped, nothing runs, and long ones come in volumes."""

import base64
import hashlib
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petitions.lists import html_files
from petitions.lists.columns import Column, Kind
from petitions.lists.documents import Counts, Document
from petitions.lists.html_files import plan_volumes, write_html
from tests.lists.made import CUT_OFF, ROWS, WORDING, MemoryFolder, Watcher, make_document, make_section
from tests.lists.texts import BLOCKS, DIRECTIONS, LONGEST, TEMPTING
from tests.web.support import Page

NUMBER = (Column("number", "Number", Kind.NUMBER),)


def made(document: Document) -> dict[str, str]:
    folder = MemoryFolder()
    write_html(document, folder, Watcher())
    return {name: content.decode() for name, content in folder.files.items()}


def one(document: Document) -> str:
    files = made(document)
    assert list(files) == ["signatures.html"]
    return files["signatures.html"]


def cells(html: str) -> list[str]:
    return [cell.text for cell in Page(html).all("td")]


def test_the_statement_stands_above_the_list() -> None:
    html = one(make_document(make_section(), make_section(ROWS[:1], key="organisations", title="Organisations")))
    page = Page(html)
    assert page.heading == "Free Boris"
    assert page.one("title").text == "Free Boris"
    assert [heading.text for heading in page.all("h2")] == ["Signatures", "Organisations"]
    assert [row.text for row in page.all("th")] == 2 * [
        "Number",
        "Name",
        "Country",
        "A few words",
        "Date",
        "Confirmed",
    ]
    assert [cell.text for cell in page.all("td")] == [
        *("1", "Ana Sánchez", "Spain", "With you. Always.", "2026-11-22", "2026-11-22T12:01:00Z"),
        *("2", "محمد علي", "Ireland & more", "", "2026-11-22", "2026-11-22T23:59:59Z"),
        *("4", "=1+1", "XX", 'x;"=2"', "", ""),
        *("1", "Ana Sánchez", "Spain", "With you. Always.", "2026-11-22", "2026-11-22T12:01:00Z"),
    ]
    assert [demand.text for demand in page.all("li")] == ["His release.", "The dropping of all charges."]
    facts = dict(zip((t.text for t in page.all("dt")), (d.text for d in page.all("dd")), strict=True))
    assert facts["As of"] == "23 November 2026, 10:00 UTC"
    assert facts["Signatures"] == "10"
    assert facts["Addressed to"] == "The embassies"


def test_nothing_in_it_asks_anybody_or_runs() -> None:
    html = one(make_document())
    page = Page(html)
    style = re.findall("<style>(.*?)</style>", html, re.DOTALL)
    assert len(style) == 1
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    policy = page.one("meta", **{"http-equiv": "Content-Security-Policy"})["content"]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    for tag in ("script", "link", "img", "iframe", "form", "object"):
        assert page.all(tag) == []
    assert "url(" not in style[0]
    assert "@import" not in style[0]
    assert "table-header-group" in style[0]  # the heading stands on every sheet of paper
    assert not re.search(r"\sstyle=|\son[a-z]+=", html)


EVIL = "<script>alert(1)</script>\"'><b onx=1>&amp;{{ 1 }}<!-- rows -->"


def test_whoever_wrote_it_nothing_becomes_markup() -> None:
    wording = replace(WORDING, title=EVIL, summary=EVIL, body=EVIL, demands=(EVIL,))
    columns = [Column("name", EVIL), Column("country", "C", Kind.CHOICE, {"a": EVIL})]
    section = make_section([(EVIL, "a"), (EVIL, EVIL)], columns, title=EVIL)
    document = make_document(section, title=EVIL, wordings=(wording,), addressees=(EVIL,), site_name=EVIL)
    html = one(replace(document, responsible=EVIL))
    page = Page(html)
    assert page.all("script") == page.all("b") == []
    assert "<!--" not in html
    assert cells(html) == [EVIL] * 4
    assert page.heading == EVIL


@pytest.mark.parametrize("texts", [TEMPTING, DIRECTIONS, BLOCKS, (LONGEST,)], ids=lambda texts: texts[0][:10])
def test_texts_are_shown_as_they_were_typed(texts: tuple[str, ...]) -> None:
    html = one(make_document(make_section([(text,) for text in texts], [Column("name", "Name")], page=100)))
    assert cells(html) == [" ".join(text.split()) for text in texts]


@given(st.lists(st.tuples(st.text() | st.none(), st.integers(0) | st.none())), st.integers(1, 3))
def test_whatever_was_typed_is_one_cell(rows: list[Any], page: int) -> None:
    columns = [Column("name", "Name"), *NUMBER]
    html = one(make_document(make_section(rows, columns, page=page)))
    assert html.count("</td>") == len(Page(html).all("td")) == 2 * len(rows)
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", html)


def test_the_page_has_its_language_and_the_statement_its_own() -> None:
    arabic = replace(WORDING, language="ar", title="الحرية")
    page = Page(one(make_document(language="en", wordings=(arabic,), title="الحرية")))
    assert (page.one("html")["lang"], page.one("html")["dir"]) == ("en", "ltr")
    assert (page.one("h1")["lang"], page.one("h1")["dir"]) == ("ar", "rtl")
    page = Page(one(make_document(language="ar", wordings=(arabic,), title="الحرية")))
    assert (page.one("html")["lang"], page.one("html")["dir"]) == ("ar", "rtl")
    assert page.one("h1").get("lang") is None


def test_an_empty_list_has_its_heading_and_says_so() -> None:
    html = one(make_document(make_section([]), counts=Counts()))
    page = Page(html)
    assert cells(html) == []
    assert len(page.all("th")) == 6
    assert "Nobody is in this list." in [text.text for text in page.all("p")]


def test_a_long_list_comes_in_volumes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_files, "MOST_ROWS", 10)
    monkeypatch.setattr(html_files, "VOLUME", 5)
    rows = [(number,) for number in range(101, 113)]
    sections = [
        make_section(rows, NUMBER, page=3),
        make_section([], NUMBER, key="paper", title="Signatures on paper"),
        make_section(rows[:2], NUMBER, key="organisations", title="Organisations"),
    ]
    folder, watcher = MemoryFolder(), Watcher()
    write_html(make_document(*sections), folder, watcher)
    files = {name: content.decode() for name, content in folder.files.items()}
    assert folder.rows == {
        "contents.html": 0,
        "signatures-01.html": 5,
        "signatures-02.html": 5,
        "signatures-03.html": 2,
        "paper.html": 0,
        "organisations.html": 2,
    }
    assert (watcher.phases, watcher.done) == ([("html", 14)], [14])
    contents = Page(files["contents.html"])
    links = [link["href"] for link in contents.all("a")]
    assert links == [name for name in folder.rows if name != "contents.html"]
    said = [cell.text for cell in contents.all("td")]
    assert said[2::3] == ["1–5", "6–10", "11–12", "0", "1–2"]
    numbers = [cells(files[name]) for name in links]
    assert numbers == [
        ["101", "102", "103", "104", "105"],
        ["106", "107", "108", "109", "110"],
        ["111", "112"],
        [],
        ["101", "102"],
    ]
    second = Page(files["signatures-02.html"])
    assert second.one("h2").text == "Signatures 6–10"
    assert second.one("title").text == "Free Boris · Signatures 6–10"
    assert second.one("a")["href"] == "contents.html"
    assert Page(files["paper.html"]).one("title").text == "Free Boris · Signatures on paper"
    assert len(contents.all("li")) == 2
    assert second.all("li") == []


def test_as_many_as_fit_are_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_files, "MOST_ROWS", 3)
    monkeypatch.setattr(html_files, "VOLUME", 2)
    assert list(made(make_document())) == ["signatures.html"]
    assert len(made(make_document(make_section([*ROWS, ROWS[0]])))) == 3


def test_a_hundred_volumes_stand_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_files, "VOLUME", 1)
    names = [
        volume.name for volume in plan_volumes(make_document(make_section([(n,) for n in range(100)], NUMBER)))
    ]
    assert names == sorted(names)
    assert (names[0], names[-1]) == ("signatures-001.html", "signatures-100.html")


def test_the_same_list_is_the_same_page() -> None:
    assert one(make_document()) == one(make_document())
    assert one(make_document()) != one(make_document(cut_off=CUT_OFF.replace(minute=1)))
