"""Signatures are delivered: those on paper come in, a pack is made, checked, handed over, and all are told."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect

from petitions.accounts.roles import Role
from petitions.delivery.models import ExportJob
from petitions.lists.plans import Format, Plan
from tests.e2e.browsing import DESK, PHONE, Visitor, follow, new_visitor, numbers_in, overflowing
from tests.e2e.conftest import NewVisitor, two_visitors
from tests.e2e.console_pages import Again, Desk, log_in
from tests.e2e.delivered import make_signed, own_path_of, settings_of
from tests.e2e.delivery_pages import (
    AskForList,
    OneDelivery,
    OneList,
    PaperRows,
    Timeline,
    keep,
    wait_for_deliveries,
)
from tests.e2e.delivery_tour import DELIVERY_STOPS, arrive, enter
from tests.e2e.program import PASSWORD, Demo
from tests.e2e.test_accessibility import ALL_RULES, LOOKS, violations
from tests.e2e.test_console_accessibility import LET_THE_BAR_LIE, go_through

_NARROW, _ZOOMED = (320, 640), (640, 400)  # a telephone of the smallest, and a desk at twice the size


@dataclass(frozen=True)
class Table:
    """A campaign of the test that four people and an organisation signed, and the words in which it is read."""

    demo: Demo
    slug: str
    language: str

    @property
    def address(self) -> str:
        return f"dara.{self.slug}@example.org"

    @property
    def public(self) -> str:
        return f"/c/{self.slug}"

    def enter(self, visitor: Visitor) -> Desk:
        """Log in as somebody who owns it."""
        self.demo.make_lead(self.address, "Dara Delivery")
        self.demo.give_role(self.slug, self.address, Role.OWNER)
        log_in(visitor, self.address, PASSWORD, f"/console/c/{self.slug}", self.language)
        return Desk(visitor.page)


@pytest.fixture
def table(demo: Demo, word: str, language: str) -> Table:
    with demo.store() as database:
        make_signed(database, settings_of(demo), word.lower(), 4)
    return Table(demo, word.lower(), language)


@two_visitors
def test_signatures_are_delivered_as_a_pack_and_everybody_is_told(
    new_lead: NewVisitor,
    new_window: NewVisitor,
    table: Table,
    size: tuple[int, int],
    javascript: bool,
    tmp_path: Path,
) -> None:
    lead, reader = (new(size, java_script_enabled=javascript) for new in (new_lead, new_window))
    desk = table.enter(lead)
    bring_in_paper(lead, desk, table)
    one = ask_for_pack(lead, desk, table)
    expect(one.progress).to_be_visible()
    one.wait(javascript=javascript)
    pack = download(one, table)
    check_pack(reader, pack, table, keep(pack, tmp_path))
    record_delivery(lead, one)
    tell_everybody(reader, table)


def bring_in_paper(lead: Visitor, desk: Desk, table: Table) -> None:
    """One row is wrong, one repeats an address, and one has to be decided about; sheets for more are printed."""
    desk.go("paper")
    paper = PaperRows(lead.page)
    rows = (
        "Nadia Sample,Exampletown,IE,",
        "S. Signer,,IE,sample0@delivered.example",
        "Erika Mustermann,Exampletown,DE,",
        ",Exampletown,XX,",
    )
    paper.check("\n".join(("name,city,country,mail", *rows)))
    expect(paper.found).to_have_count(4)
    expect(paper.found.locator(".found__error")).to_have_count(2)  # no name, and no country
    expect(paper.found.nth(3)).to_contain_text("country")
    expect(paper.found.nth(1).locator(".found__alike")).to_contain_text("1")
    expect(paper.found.nth(2).locator(".found__alike")).to_contain_text("3")
    lead.expected = {422}
    paper.bring_in(leave_wrong=False)
    expect(paper.problem).to_be_visible()
    lead.expected = set()
    paper.bring_in(leave_wrong=True)
    expect(paper.done).to_be_visible()
    paper.go_to_decisions()
    expect(paper.rows).to_have_count(1)
    expect(paper.rows.locator(".twins bdi").get_by_text("Erika Mustermann", exact=True)).to_have_count(2)
    paper.decide(0, "other")
    expect(paper.done).to_be_visible()
    expect(paper.rows).to_have_count(0)
    desk.go("paper")
    expect(paper.rows.locator(".looked__what > .looked__name a")).to_have_count(3)
    name, sheets = paper.print_sheets(table.language, 2)
    assert name == f"{table.slug}-sheets-0001-0002.pdf"
    assert sheets.startswith(b"%PDF-")


def ask_for_pack(lead: Visitor, desk: Desk, table: Table) -> OneList:
    """The password once more; the first rows; then the pack, of which nothing chosen is lost on the way."""
    table.demo.age_password(table.address)
    desk.go("exports")
    follow(lead.page.locator('main a[href*="/exports/new?"]'))
    Again(lead.page).enter(PASSWORD)
    ask = AskForList(lead.page)
    chosen = [ask.box("formats", kind) for kind in ("csv", "xlsx", "pdf")]
    chosen += [ask.box(name) for name in ("pack", "organisations", "on_paper")]
    for box in chosen:
        box.check()
    ask.look()
    expect(ask.first_rows.first).to_contain_text("Sample Signer")
    expect(ask.first_rows).to_have_count(4 + 1 + 2)
    for box in chosen:
        expect(box).to_be_checked()
    return ask.make()


def download(one: OneList, table: Table) -> bytes:
    """The password was entered long ago."""
    table.demo.age_password(table.address)
    return one.download_after_password(PASSWORD)


def check_pack(reader: Visitor, pack: bytes, table: Table, path: str) -> None:
    """By the program, with the fingerprint that the site shows to everybody."""
    reader.open("/verify", table.language)
    fingerprint = reader.page.locator("p.code").inner_text()
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        names = {name for name in archive.namelist() if name.startswith("lists/")}
        assert fingerprint in archive.read("README.txt").decode()
        assert reader.context.request.get("/verify/key.pem").body() == archive.read("key.pem")
    kinds = ("signatures.csv", "paper.csv", "organisations.csv", "signatures.xlsx", "signatures.pdf")
    assert names == {f"lists/{name}" for name in kinds}
    said = table.demo.run("verify", path, "--key", fingerprint)
    assert "This pack is whole" in said


def record_delivery(lead: Visitor, one: OneList) -> None:
    """With the list that was made, and with a photograph that is described before everybody sees it."""
    form = one.record()
    assert form.field("export").input_value() in lead.page.url
    delivery = form.save("the embassy of Example", "They promised an answer.")
    expect(lead.page.locator(".delivered strong")).to_have_text(["4", "2", "1"])
    delivery.add_photograph()
    expect(delivery.pictures).to_have_count(1)
    lead.expected = {422}
    delivery.show_photograph(" ")
    expect(delivery.problem).to_be_visible()
    lead.expected = set()
    delivery.show_photograph("Boxes before a house")
    expect(OneDelivery(lead.page).done).to_be_visible()


def tell_everybody(reader: Visitor, table: Table) -> None:
    """On the statement, on the page of the deliveries, and on the own page of who was in the list."""
    reader.open(table.public, table.language)
    timeline = Timeline(reader.page)
    wait_for_deliveries(timeline, 1)
    expect(timeline.deliveries).to_contain_text("the embassy of Example")
    assert {4, 2, 1} <= numbers_in(timeline.deliveries.inner_text())
    timeline.open_all()
    wait_for_deliveries(timeline, 1)
    expect(timeline.deliveries).to_contain_text("They promised an answer.")
    expect(timeline.picture).to_have_attribute("alt", "Boxes before a house")
    assert timeline.width_of_picture() > 0
    reader.open(own_path_of(table.demo, table.slug, 1), table.language)
    expect(reader.page.locator(".delivered-in li")).to_contain_text("the embassy of Example")


@pytest.fixture(scope="module")
def visitor_of_all(browser: Browser, demo: Demo) -> Iterator[Visitor]:
    """One for all pages of the tour: a new window for each would take longer than looking."""
    visitor = new_visitor(browser, demo.url, PHONE)
    enter(visitor, demo)
    yield visitor
    visitor.leave()


def look_at(page: Page) -> dict[str, list[str]]:
    """What axe finds on a telephone in light and at a desk in the dark, and what sticks out of narrow windows in
    both directions of reading."""
    page.evaluate("document.querySelectorAll('.more').forEach((more) => { more.open = true; })")
    page.evaluate(LET_THE_BAR_LIE)
    page.evaluate(AXE_SCRIPT)
    found: dict[str, list[str]] = {}
    for (width, height), scheme, options in ((PHONE, "light", ALL_RULES), (DESK, "dark", LOOKS)):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found[scheme] = violations(page, options)
    for direction in ("ltr", "rtl"):
        page.evaluate("direction => { document.documentElement.dir = direction; }", direction)
        for width, height in (_NARROW, _ZOOMED):
            page.set_viewport_size({"width": width, "height": height})
            found[f"{direction} {width}"] = list(overflowing(page))
    return {place: what for place, what in found.items() if what}


@pytest.mark.parametrize("stop", DELIVERY_STOPS)
def test_a_page_of_what_is_delivered_has_no_violation_and_fits(
    visitor_of_all: Visitor, demo: Demo, stop: str
) -> None:
    """Every other one in Arabic: they are many, and made of the same parts."""
    language = "ar" if list(DELIVERY_STOPS).index(stop) % 2 else "en"
    arrive(stop, visitor_of_all, demo, language)
    found = look_at(visitor_of_all.page)
    problems, visitor_of_all.problems[:] = [*visitor_of_all.problems], []
    assert (found, problems) == ({}, [])


@pytest.mark.parametrize("stop", ["list, new", "paper, rows looked at", "delivery"])
def test_the_keyboard_goes_through_a_form_of_deliveries_in_its_order(
    visitor_of_all: Visitor, demo: Demo, stop: str
) -> None:
    page = visitor_of_all.page
    arrive(stop, visitor_of_all, demo, "en")
    page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    page.evaluate("document.querySelectorAll('main .more').forEach((more) => { more.open = true; })")
    met, wanted, unseen = go_through(page, page.locator("main"))
    assert met == wanted
    assert unseen == []


@pytest.mark.parametrize("language", ["en"])
def test_somebody_asks_for_a_list_with_the_keyboard_alone(new_lead: NewVisitor, table: Table) -> None:
    lead = new_lead(PHONE)
    table.enter(lead)
    lead.open(f"/console/c/{table.slug}/exports/new", table.language)
    page, ask, press = lead.page, AskForList(lead.page), lead.page.keyboard.press

    def go_to(name: str) -> None:
        while page.evaluate("document.activeElement.id") != name:
            press("Tab")
            assert not page.evaluate("document.activeElement === document.body"), name

    go_to("f-formats-csv")
    press("Space")
    go_to("f-formats-jsonl")
    press("Space")
    while page.evaluate("document.activeElement.parentElement.id") != "f-columns":
        press("Tab")
    press("Enter")  # unfolds the columns
    for column, number in (("number", ""), ("name", "2"), ("country", "1")):
        go_to(f"f-column-delivery-{column}")
        press("Control+A")
        press("Delete")
        page.keyboard.type(number)
    for column in ("affiliation", "city", "comment", "date", "language"):
        ask.place(column).fill("")
    while not page.evaluate("document.activeElement.matches('.export-form button')"):
        press("Tab")
    press("Enter")
    page.wait_for_url("**/exports/*saved=asked*")
    with table.demo.store() as database, database.reading() as session:
        job = session.query(ExportJob).filter_by(campaign_id=table.demo.campaign(table.slug).id).one()
        assert Plan.from_json(job.plan) == Plan(formats=(Format.JSONL,), columns=("country", "name"))
