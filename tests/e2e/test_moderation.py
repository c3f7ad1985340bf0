"""Watching a campaign and keeping it clean, as owners and moderators do it; and what viewers see of it."""

from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import select, update

from petitions.accounts.roles import Role
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.settings import load_settings
from petitions.signatures.models import Draft, Tally
from petitions.watching.waiting import count_waiting
from tests.e2e.browsing import DESK, PHONE, Visitor, follow, number_in
from tests.e2e.conftest import NewVisitor
from tests.e2e.console_pages import Desk, log_in
from tests.e2e.moderation_pages import (
    Alerts,
    Bulk,
    Comments,
    Held,
    Rules,
    Signatures,
    Switches,
)
from tests.e2e.pages import Mailbox, Statement
from tests.e2e.program import PASSWORD, Demo, until
from tests.factories import make_campaign, sign_and_confirm

#: Both directions of reading, with scripts and without; the other half of the walks goes the other way round.
_WITH = ("language", "javascript", "size")
two_visitors = pytest.mark.parametrize(
    _WITH, [("en", True, PHONE), ("ar", False, DESK)], ids=["en-scripts", "ar-no-scripts"]
)
two_others = pytest.mark.parametrize(
    _WITH, [("en", False, PHONE), ("ar", True, DESK)], ids=["en-no-scripts", "ar-scripts"]
)
#: Parts that show names or act on them.
OF_MODERATORS = ("signatures", "comments", "bulk", "jobs", "held", "alerts")


@dataclass(frozen=True)
class Team:
    """A campaign of the test, and those who may log in to it."""

    demo: Demo
    campaign: CampaignSnapshot
    word: str
    language: str

    @property
    def slug(self) -> str:
        return self.campaign.slug

    def sign(self, *names: str, domain: str = "example.org", **changes: Any) -> None:
        """People who have signed, one after the other."""
        settings = load_settings({"PETITIONS_DATA_DIR": str(self.demo.data)})
        with self.demo.store() as database:
            for name in names:
                said = {"name": f"{name} {self.word}", "email": self.address(name, domain)} | changes
                sign_and_confirm(database, settings, self.campaign, **said)

    def address(self, name: str, domain: str = "example.org") -> str:
        return f"{name.lower()}.{self.slug}@{domain}"

    def enter(self, visitor: Visitor, role: Role, part: str = "", name: str = "Mo") -> None:
        """Log in as somebody of this role, and go to a part of the campaign."""
        address = self.address(f"{role}.{name}")
        self.demo.make_lead(address, f"{name} {self.word}")
        self.demo.give_role(self.slug, address, role)
        log_in(visitor, address, PASSWORD, f"/console/c/{self.slug}", self.language)
        if part:
            Desk(visitor.page).go(part)

    def sums(self, visitor: Visitor) -> list[int]:
        """What the public count says: confirmed, withdrawn, removed, and what is left. It is told once an hour,
        and here as if one had passed."""
        with self.demo.store() as database:
            with database.writing() as session:
                session.execute(update(Tally).where(Tally.campaign_id == self.campaign.id).values(looked_at=None))
            count_waiting(database, utc_now())
        visitor.open(f"/c/{self.slug}/count", self.language)
        return [number_in(cell) for cell in visitor.page.locator(".sum td").all_inner_texts()]


@pytest.fixture
def team(demo: Demo, word: str, language: str) -> Team:
    """Comments are shown once they were read."""
    with demo.store() as database:
        slug = word.lower()
        campaign = make_campaign(database, slug=slug, languages=("en", "ar"), comments={"review": True})
    return Team(demo, campaign, word, language)


@two_visitors
def test_a_name_is_found_hidden_removed_and_brought_back(
    new_lead: NewVisitor, team: Team, size: tuple[int, int], javascript: bool
) -> None:
    lead = new_lead(size, java_script_enabled=javascript)
    team.sign("Áine", "Bríd")
    aine, brid = f"Áine {team.word}", f"Bríd {team.word}"
    team.enter(lead, Role.MODERATOR, "signatures")
    found = Signatures(lead.page)
    assert found.names == [brid, aine]
    found.look_for(name="bri")
    assert found.names == [brid]
    found.look_for(email=team.address("Áine").upper())
    assert found.names == [aine]
    assert "example" not in lead.page.url

    signature = found.open(aine)
    team.demo.wait_for_list(team.slug, team.language, aine)
    signature.act("name_hidden")
    expect(signature.done).to_be_visible()
    team.demo.wait_for_list(team.slug, team.language, aine, there=False)
    assert team.demo.count(team.slug) == 2

    here = lead.page.url
    signature.remove("robot")
    until(lambda: team.sums(lead) == [2, 0, 1, 1], "the public count")
    lead.page.goto(here)
    signature.act("restored")
    signature.act("name_shown")
    expect(signature.acts).to_have_count(4)
    team.demo.wait_for_list(team.slug, team.language, aine)
    until(lambda: team.sums(lead) == [2, 0, 0, 2], "the public count")


@two_others
def test_a_comment_is_shown_once_somebody_has_read_it(
    new_lead: NewVisitor, team: Team, size: tuple[int, int], javascript: bool
) -> None:
    lead = new_lead(size, java_script_enabled=javascript)
    for number, name in enumerate(("Ana", "Boris", "Carla")):
        team.sign(name, comment=f"Words {number}")
    team.demo.wait_for_list(team.slug, team.language, "Carla")
    team.demo.wait_for_list(team.slug, team.language, "Words", there=False)
    team.enter(lead, Role.MODERATOR, "comments")
    comments = Comments(lead.page)
    assert comments.words == ["Words 0", "Words 1", "Words 2"]
    comments.decide("Boris", "hide")
    comments.decide("Ana", "approve")
    assert comments.words == ["Words 2"]
    team.demo.wait_for_list(team.slug, team.language, "Words 0")
    team.demo.wait_for_list(team.slug, team.language, "Words 1", there=False)


@pytest.mark.parametrize("language", ["en"])
def test_of_two_moderators_the_second_is_told_and_nothing_is_undone(new_lead: NewVisitor, team: Team) -> None:
    first, second = new_lead(), new_lead()
    team.sign("Ana", "Boris")
    pages = []
    for visitor, name in ((first, "Fiona"), (second, "Sorcha")):
        team.enter(visitor, Role.MODERATOR, "signatures", name)
        pages.append(Signatures(visitor.page).open("Ana"))
    mine, theirs = pages
    mine.remove("fake")
    expect(mine.done).to_be_visible()
    second.expected = {409}
    theirs.act("name_hidden")
    expect(theirs.meanwhile).to_contain_text("Fiona")
    assert team.demo.count(team.slug) == 1
    expect(theirs.acts).to_have_count(1)
    second.expected = set()
    theirs.act("name_hidden")
    expect(theirs.done).to_be_visible()

    # In the list the others of those that are ticked go, and whose row was touched stays.
    lists = []
    for visitor in (first, second):
        visitor.open(f"/console/c/{team.slug}/signatures?state=counted")
        lists.append(Signatures(visitor.page))
    team.sign("Carla")
    first.page.reload()
    mine_list, their_list = lists
    mine_list.open("Boris").act("name_hidden")
    second.expected = {409}
    their_list.tick("Boris")
    their_list.remove("fake")
    expect(second.page.locator(".notice a")).to_have_count(1)
    assert team.demo.count(team.slug) == 2


@two_others
def test_many_are_removed_at_once_and_come_back(
    new_lead: NewVisitor, team: Team, size: tuple[int, int], javascript: bool
) -> None:
    lead = new_lead(size, java_script_enabled=javascript)
    team.sign("Ana", "Boris")
    team.sign("Robota", "Robotb", "Robotc", domain="flood.example")
    team.enter(lead, Role.OWNER, "bulk")
    bulk = Bulk(lead.page)
    assert bulk.count(domain="flood.example") == 3
    assert sorted(bulk.sample) == [f"Robot{letter} {team.word}" for letter in "abc"]
    lead.expected = {422}
    bulk.start()
    lead.expected = set()
    assert number_in(bulk.found.inner_text()) == 3
    team.sign("Robotd", domain="flood.example")  # whom the preview did not hold
    job = bulk.start("robot")
    job.wait(javascript=javascript)
    assert team.demo.count(team.slug) == 3
    job.undo()
    job.wait(javascript=javascript)
    assert team.demo.count(team.slug) == 6
    job.go("bulk")
    lead.open(f"/console/c/{team.slug}/jobs", team.language)
    expect(lead.page.locator(".revisions > li")).to_have_count(2)


@two_others
def test_a_form_that_a_rule_holds_is_let_go_on_or_dropped(
    new_lead: NewVisitor, new_window: NewVisitor, team: Team, size: tuple[int, int], javascript: bool
) -> None:
    lead = new_lead(size, java_script_enabled=javascript)
    signer = new_window(size, java_script_enabled=javascript)
    held = Held(lead.page)
    team.enter(lead, Role.MODERATOR, "rules")
    lead.expected = {422}
    rules = Rules(lead.page)
    rules.save("hold nobody")
    expect(rules.summary).to_be_visible()
    lead.expected = set()
    rules.save(f"hold word {team.word}  # a sample")
    expect(rules.done).to_be_visible()

    def sign(name: str) -> None:
        signer.open(f"/c/{team.slug}", team.language)
        Statement(signer.page).sign(
            name=f"{name} {team.word}", email=team.address(name), country="IE", visibility="public"
        )

    sign("Ana")
    held.go("held")
    expect(held.groups).to_have_count(1)
    group = held.open()
    assert group.names == [f"Ana {team.word}"]
    group.tick("Ana")
    group.release()
    expect(held.done).to_be_visible()
    expect(held.groups).to_have_count(0)
    signer.open("/mailbox", team.language)
    thanks = Mailbox(signer.page).open_mail_to(team.address("Ana")).follow().press()
    assert thanks.count() == 1

    sign("Boris")
    held.go("held")
    held.act_on_all("drop")
    expect(held.done).to_be_visible()
    expect(held.groups).to_have_count(0)
    with team.demo.store() as database, database.reading() as session:
        assert session.scalars(select(Draft.id).where(Draft.campaign_id == team.campaign.id)).all() == []
    assert team.demo.mails_to(team.address("Boris")) == []


@two_visitors
def test_switches_against_a_flood(
    new_lead: NewVisitor, new_window: NewVisitor, team: Team, size: tuple[int, int], javascript: bool
) -> None:
    lead = new_lead(size, java_script_enabled=javascript)
    signer = new_window(size, java_script_enabled=javascript)
    statement = Statement(signer.page)
    team.enter(lead, Role.MODERATOR, "defence")
    switches = Switches(lead.page)
    name, email = f"Ana {team.word}", team.address("Ana")

    # Paused: who had the form open keeps what they typed, and sends it later.
    signer.open(f"/c/{team.slug}", team.language)
    switches.switch("paused")
    expect(switches.bar).to_be_visible()
    statement.fill(name=name, email=email, country="IE", visibility="public")
    signer.expected = {409}
    statement.press()
    again = signer.page.locator('main form:has([name="name"])')
    expect(again.locator('[name="name"]')).to_have_value(name)
    follow(again.locator("button"))
    assert team.demo.count(team.slug) == 0
    signer.expected = set()

    def asks_for_work() -> bool:
        signer.open(f"/c/{team.slug}", team.language)
        return signer.page.locator("[data-challenge]").count() == 1

    # Work: the browser proves it; who has no script is taken too.
    switches.switch("work")
    until(asks_for_work, "a form that asks for work")
    statement.fill(name=name, email=email, country="IE", visibility="public")
    with signer.page.expect_request(lambda request: request.method == "POST") as sent:
        statement.press()
    signer.page.wait_for_url("**/signed?**")
    proof = (sent.value.post_data_json or {}).get("proof", "")
    assert bool(proof) is javascript
    signer.open("/mailbox", team.language)
    thanks = Mailbox(signer.page).open_mail_to(email).follow().press()
    assert thanks.count() == 1
    switches.switch("")
    expect(switches.bar).to_have_count(0)


@pytest.mark.parametrize("language", ["en"])
@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
def test_who_may_only_look_or_write_sees_no_names(new_lead: NewVisitor, team: Team, role: Role) -> None:
    lead = new_lead(PHONE)
    team.sign("Ana", comment="Words of hers")
    team.enter(lead, role, "figures")
    figures = Desk(lead.page)
    assert not {*OF_MODERATORS, "rules", "defence"} & set(figures.ways)
    expect(lead.page.locator(".standing__number")).to_have_text("1")
    assert f"Ana {team.word}" not in lead.page.content()
    lead.expected = {403}
    for part in (*OF_MODERATORS, "rules", "defence"):
        answer = lead.page.goto(f"/console/c/{team.slug}/{part}")
        assert answer is not None
        assert answer.status == 403
        assert "Words of hers" not in lead.page.content()
        assert f"Ana {team.word}" not in lead.page.content()


@pytest.mark.parametrize("language", ["en"])
def test_mails_about_alerts_can_be_stopped(new_lead: NewVisitor, team: Team) -> None:
    lead = new_lead(PHONE)
    team.enter(lead, Role.OWNER, "alerts")
    alerts = Alerts(lead.page)
    alerts.choose_mails(wanted=False)
    alerts.choose_mails(wanted=True)
