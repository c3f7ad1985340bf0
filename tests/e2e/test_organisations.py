"""Organisations co-sign: they ask, prove who they are, appear, change and go; and leads decide about them."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from petitions.accounts.roles import Role
from petitions.campaigns.queries import CampaignSnapshot
from petitions.settings import load_settings
from tests.console import cosigning
from tests.e2e.browsing import Visitor, follow, number_in
from tests.e2e.conftest import NewVisitor, two_visitors
from tests.e2e.console_pages import Desk, log_in
from tests.e2e.organisation_pages import SAID, Ask, Cosigners, OwnOrganisation, Queue, confirm, open_mail
from tests.e2e.pages import Mailbox
from tests.e2e.program import PASSWORD, Demo, until
from tests.factories import make_campaign


@dataclass(frozen=True)
class Table:
    """A campaign of the test that organisations alone sign, and the words in which it is read."""

    demo: Demo
    campaign: CampaignSnapshot
    word: str
    language: str

    @property
    def slug(self) -> str:
        return self.campaign.slug

    def name(self, first: str) -> str:
        return f"{first} {self.word}"

    def enter(self, visitor: Visitor) -> Queue:
        """Log in as somebody who decides, and go to the organisations."""
        address = f"lead.{self.slug}@example.org"
        self.demo.make_lead(address, self.name("Lea"))
        self.demo.give_role(self.slug, address, Role.MODERATOR)
        log_in(visitor, address, PASSWORD, f"/console/c/{self.slug}", self.language)
        Desk(visitor.page).go("organisations")
        return Queue(visitor.page)

    def wait_for_names(self, visitor: Visitor, *names: str) -> Cosigners:
        """Until the page of the organisations, which is made once a second, shows these and no others."""
        cosigners = Cosigners(visitor.page)

        def look() -> bool:
            visitor.open(f"/c/{self.slug}/organisations", self.language)
            return cosigners.names == list(names)

        until(look, f"the organisations {names}")
        return cosigners

    def count_at_home(self, visitor: Visitor) -> int | None:
        """How many the index says; None where it says that none has signed."""
        visitor.open("/", self.language)
        entry = visitor.page.locator(".entry").filter(has=visitor.page.locator(f'a[href*="/c/{self.slug}?"]'))
        number = entry.locator(".entry__count strong")
        return number_in(number.inner_text()) if number.count() else None


def width_of_logo(visitor: Visitor) -> int:
    """In pixels of the picture; 0 where none came."""
    logo = visitor.page.locator(".organisation__logo")
    logo.scroll_into_view_if_needed()
    width: int = logo.evaluate("logo => logo.decode().then(() => logo.naturalWidth, () => 0)")
    return width


@pytest.fixture
def table(demo: Demo, word: str, language: str) -> Table:
    with demo.store() as database:
        campaign = make_campaign(database, slug=word.lower(), languages=("en", "ar"), signers=["organisations"])
    return Table(demo, campaign, word, language)


@two_visitors
def test_an_organisation_asks_proves_itself_appears_changes_its_name_and_goes(
    new_lead: NewVisitor, new_window: NewVisitor, table: Table, size: tuple[int, int], javascript: bool
) -> None:
    lead, contact, reader = (
        new(size, java_script_enabled=javascript) for new in (new_lead, new_window, new_window)
    )
    name, renamed = table.name("Dockers"), table.name("Harbour workers")
    email = f"office@{table.slug}.example"
    said = SAID | {"name": name, "website": f"https://www.{table.slug}.example", "email": email}
    own, mailbox = OwnOrganisation(contact.page), Mailbox(contact.page)

    # It asks, and sees before sending how it will appear.
    contact.open(f"/c/{table.slug}", table.language)
    expect(contact.page.locator("#sign form")).to_have_count(0)
    follow(contact.page.locator("#sign a.button"))
    ask = Ask(contact.page)
    ask.choose_logo()
    preview = ask.look(**said)
    expect(preview.entry).to_contain_text(name)
    expect(preview.entry).not_to_contain_text(email)
    expect(preview.never_shown).to_contain_text(email)
    again = preview.change()
    assert again.values().items() >= {("name", name), ("comment", said["comment"]), ("phone", said["phone"])}
    expect(again.kept_logo).to_be_visible()
    again.fill(city="Sampletown")
    preview = again.look_again()
    expect(preview.entry).to_contain_text("Sampletown")
    expect(preview.entry.locator("img")).to_be_visible()

    # Nothing waits for anybody before the button in the mail is pressed.
    preview.send()
    queue = table.enter(lead)
    assert queue.waiting == 0
    open_mail(mailbox, email)
    expect(preview.entry).to_contain_text(name)
    assert width_of_logo(contact) > 0
    confirm(own)
    assert own.steps == ["done", "done", "campaign"]
    assert width_of_logo(contact) > 0  # which has an address for this page alone

    # The lead sees what proves it, and asks back all the same.
    queue.go("organisations")
    assert queue.names == [name]
    assert queue.proof(name) == ["yes", "yes"]
    queue.ask_back(name, "Who decided it?")
    contact.open("/mailbox", table.language)
    open_mail(mailbox, email, mails=3)
    assert own.steps == ["done", "done", "you"]
    own.answer("Our assembly, on Monday.")
    queue.go("organisations")
    one = queue.open(name)
    expect(one.talk.last).to_have_text("Our assembly, on Monday.")
    table.wait_for_names(reader)
    one.decide("approve")

    # Everybody sees it.
    cosigners = table.wait_for_names(reader, name)
    assert cosigners.count() == (1, 4800)
    assert cosigners.logos.evaluate("logo => logo.decode().then(() => logo.naturalWidth)") > 0
    assert email not in reader.page.content()
    reader.open(f"/c/{table.slug}", table.language)
    expect(reader.page.locator(".cosigners")).to_contain_text(name)
    until(lambda: table.count_at_home(reader) == 1, "the count in the index")

    # Another name waits for the lead; until then the one that was approved is shown.
    contact.page.reload()
    edit = own.edit()
    edit.fill(name=renamed)
    edit.save()
    expect(own.entries).to_have_count(2)
    expect(own.entries.last).to_contain_text(renamed)
    assert cosigners_of(reader, table) == [name]
    queue.go("organisations")
    queue.open(name).decide("approve")
    table.wait_for_names(reader, renamed)

    # It goes, and nothing of it stays.
    contact.page.reload()
    own.withdraw()
    table.wait_for_names(reader)
    assert cosigners.count() == ()
    until(lambda: table.count_at_home(reader) is None, "the count in the index")
    queue.go("organisations")
    assert queue.names == []


def cosigners_of(visitor: Visitor, table: Table) -> list[str]:
    """The names on the page as it is now."""
    visitor.open(f"/c/{table.slug}/organisations", table.language)
    return Cosigners(visitor.page).names


@two_visitors
def test_two_requests_of_one_organisation_are_seen_side_by_side_and_become_one(
    new_lead: NewVisitor, new_window: NewVisitor, table: Table, size: tuple[int, int], javascript: bool
) -> None:
    lead, reader = (new(size, java_script_enabled=javascript) for new in (new_lead, new_window))
    settings = load_settings({"PETITIONS_DATA_DIR": str(table.demo.data)})
    first, second = table.name("Bakers"), f"{table.name('BAKERS')} e.V."
    with table.demo.store() as database:
        for number, name in enumerate((first, second)):
            email, website = f"office{number}@{table.slug}.example", f"https://{table.slug}.example"
            cosigning.wait(database, settings, table.campaign, name=name, email=email, website=website)
    queue = table.enter(lead)
    assert queue.names == [first, second]
    assert queue.proof(first) == ["yes", "yes", "no"]  # the last one: it looks like another
    expect(queue.row(first).locator(".evidence")).to_contain_text(second)
    one = queue.open(second)
    expect(one.similar).to_have_count(1)
    expect(one.similar).to_contain_text(first)
    one.merge()
    queue.go("organisations")
    assert queue.names == [first]
    assert queue.proof(first) == ["yes", "yes"]
    queue.open(first).decide("approve")
    assert table.wait_for_names(reader, first).count() == (1,)
    assert table.demo.mails_to(f"office1@{table.slug}.example")


@pytest.mark.parametrize("language", ["en"])
def test_a_list_with_a_wrong_row_is_looked_at_before_the_rest_of_it_comes_in(
    new_lead: NewVisitor, new_window: NewVisitor, table: Table
) -> None:
    lead, reader = new_lead(), new_window()
    names = [table.name("Tailors"), table.name("Weavers"), table.name("Nobody")]
    rows = [f"{names[0]};union;IE;1.200", f"{names[1]};association;DE;", f"{names[2]};club;IE;"]
    bring_in = table.enter(lead).bring_in()
    bring_in.check("\ufeff" + "\n".join(["name;kind;country;members", *rows]))
    expect(bring_in.rows).to_have_count(3)
    expect(bring_in.errors).to_have_count(1)
    expect(bring_in.rows.filter(has=bring_in.errors)).to_contain_text(names[2])

    lead.expected = {422}
    bring_in.vouch("Their letters lie in the office.", leave_wrong=False)
    expect(bring_in.problem).to_be_visible()
    table.wait_for_names(reader)
    lead.expected = set()
    bring_in.vouch("Their letters lie in the office.", leave_wrong=True)
    expect(bring_in.done).to_be_visible()
    assert table.wait_for_names(reader, *names[:2]).count() == (2, 1200)
