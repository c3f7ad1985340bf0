"""A campaign from the first word to the last, as those go the way who lead it."""

import csv
import io
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import expect

from petitions.accounts.roles import Role
from petitions.cli.demo_lead import LEAD
from tests.e2e.browsing import Visitor, follow
from tests.e2e.conftest import NewVisitor, two_visitors
from tests.e2e.console_pages import (
    Again,
    Campaigns,
    Desk,
    Lists,
    Log,
    LogIn,
    Texts,
    follow_invitation,
    log_in,
)
from tests.e2e.pages import Statement
from tests.e2e.program import PASSWORD, Demo, until

GUIDE = Path(__file__).parents[2] / "docs" / "leads.md"

#: By language: what the first version says.
WORDS = {
    "en": {
        "summary": "The crèche of a sample is to stay open.",
        "body": "We ask the council to **keep it**.\n\nIt is needed.",
        "demands": "1. Keep it open.\n2. Pay its workers.",
    },
    "ar": {
        "summary": "يجب أن تبقى حضانة العيّنة مفتوحة.",
        "body": "نطلب من المجلس **إبقاءها**.\n\nإنها ضرورية.",
        "demands": "1. أبقوها مفتوحة.\n2. ادفعوا أجور العاملات.",
    },
}
TITLES = {"en": "Keep the sample open", "ar": "أبقوا العيّنة مفتوحة"}
NOTES = {"en": "We said by when.", "ar": "قلنا متى."}


@dataclass(frozen=True)
class Campaign:
    """One campaign of the test, and who looks after it."""

    slug: str
    language: str  # its own, and that of the pages
    other: str
    owner: str
    editor: str
    colleague: str

    @property
    def path(self) -> str:
        return f"/console/c/{self.slug}"


def test_the_lead_of_the_demo_logs_in_as_it_says(new_lead: NewVisitor, demo: Demo) -> None:
    lead = new_lead()
    lead.page.goto("/console/log")
    LogIn(lead.page).enter(LEAD, demo.password)
    expect(lead.page.locator(".log")).to_be_visible()
    lead.open("/console")
    campaigns = Campaigns(lead.page)
    campaigns.open("wabtec-strike")
    expect(lead.page.locator(".desk-ways")).to_be_visible()
    lead.open("/c/wabtec-strike")
    assert_no_cookie_goes_along(lead)
    lead.page.go_back()
    assert campaigns.log_out().path == "/console/login"
    lead.page.go_back()
    lead.page.reload()
    assert LogIn(lead.page).path == "/console/login"


def test_a_stranger_checks_the_log_as_the_guide_says(new_lead: NewVisitor, demo: Demo, tmp_path: Path) -> None:
    lead = new_lead()
    log_in(lead, LEAD, demo.password, "/console/log")
    log = Log(lead.page)

    def find_head() -> str | None:
        lead.page.reload()
        return log.head if log.seals.count() == len(log.actors) else None

    head = until(find_head, "the seals")
    file, script = tmp_path / "log.csv", tmp_path / "check.py"
    file.write_text(log.download(), encoding="utf-8", newline="")
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    script.write_text(code, encoding="utf-8")
    assert head in _run(script, file).stdout.split()
    file.write_text(
        file.read_text(encoding="utf-8").replace("account.login", "account.logout", 1), encoding="utf-8"
    )
    assert _run(script, file).stderr.startswith("broken at ")


def _run(script: Path, file: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, script, file], capture_output=True, text=True, check=False)


@two_visitors
def test_a_campaign_from_the_first_word_to_the_last(
    new_lead: NewVisitor,
    new_window: NewVisitor,
    demo: Demo,
    word: str,
    address: str,
    size: tuple[int, int],
    javascript: bool,
    language: str,
) -> None:
    def lead() -> Visitor:
        return new_lead(size, java_script_enabled=javascript)

    other = "en" if language == "ar" else "ar"
    people = (f"{part}.{address}" for part in ("owner", "editor", "colleague"))
    campaign = Campaign(word.lower(), language, other, *people)
    demo.make_lead(campaign.owner, f"Oona {word}")
    demo.make_lead(campaign.editor, f"Edith {word}")
    owner, editor, colleague = lead(), lead(), lead()

    log_in(owner, campaign.owner, PASSWORD, language=language)
    start_it(owner, campaign, javascript=javascript)
    translate_it(owner, campaign)
    fill_in_the_details(owner, campaign)
    preview_and_publish(owner, campaign, demo)
    sign(new_window(size, java_script_enabled=javascript), campaign, f"Áine {word}", address)

    Desk(owner.page).members().invite(campaign.colleague, f"Dara {word}", "delivery")
    join(colleague, campaign, f"Dara {word}")
    download(colleague, campaign, demo, f"Áine {word}", address)

    demo.give_role(campaign.slug, campaign.editor, Role.EDITOR)
    log_in(editor, campaign.editor, PASSWORD, campaign.path, language)
    change_the_wording(editor, campaign, demo)
    write_at_the_same_time(owner, editor, campaign)

    close_and_win(owner, campaign, demo)
    read_the_log(owner, [f"{name} {word}" for name in ("Oona", "Edith", "Dara")])


def assert_no_cookie_goes_along(lead: Visitor) -> None:
    """With the public page that somebody who is logged in looks at."""
    assert lead.context.cookies() != []
    assert lead.context.cookies(lead.page.url) == []


def start_it(owner: Visitor, campaign: Campaign, *, javascript: bool) -> None:
    """A title, and its texts with the preview."""
    page, language = owner.page, campaign.language
    expect(Campaigns(page).rows).to_have_count(0)
    texts = Campaigns(page).start().create(TITLES[language], campaign.slug)
    assert texts.path == f"{campaign.path}/texts/{language}"
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(texts.field("title")).to_have_value(TITLES[language])
    texts.write(**WORDS[language])
    if javascript:
        expect(texts.shown.locator("strong")).to_have_count(1)
    else:
        texts.look()
        expect(texts.shown.locator("strong")).to_have_count(1)
        expect(texts.field("summary")).to_have_value(WORDS[language]["summary"])
    texts.save()
    expect(texts.done).to_be_visible()
    expect(texts.field("demands")).to_have_value(WORDS[language]["demands"].replace("1. ", "").replace("2. ", ""))


def translate_it(owner: Visitor, campaign: Campaign) -> None:
    """A second language, which lags as soon as the first one says something else."""
    texts = Texts(owner.page)
    texts.add_language(campaign.other)
    assert texts.original.first.inner_text() == TITLES[campaign.language]
    texts.write(title=TITLES[campaign.other], **WORDS[campaign.other])
    texts.say_up_to_date()
    texts.save()
    expect(texts.done).to_be_visible()
    assert texts.lagging == []
    texts.open(campaign.language).write(summary=WORDS[campaign.language]["summary"] + " 2027.")
    texts.save()
    assert texts.lagging == [campaign.other]
    texts.open(campaign.other).write(summary=WORDS[campaign.other]["summary"] + " 2027.")
    expect(texts.original.nth(1)).to_contain_text("2027.")
    texts.say_up_to_date()
    texts.save()
    assert texts.lagging == []


def fill_in_the_details(owner: Visitor, campaign: Campaign) -> None:
    """What the list says that is missing."""
    desk = Desk(owner.page)
    missing = desk.publishing()
    assert missing.missing == ["details/basics", "details/basics"]
    expect(missing.form).to_have_count(0)
    desk.details("basics").save(
        **{
            f"addressees-0-name_{campaign.language}": "المجلس" if campaign.language == "ar" else "The council",
            f"addressees-0-name_{campaign.other}": "المجلس" if campaign.other == "ar" else "The council",
            "responsible_name": "Example Association",
            "responsible_email": "privacy@example.org",
        }
    )
    desk.details("dates").save(goal_steps="2 10 50")
    desk.details("thanks").save(
        **{f"thanks_{campaign.language}": "**2027**", f"thanks_{campaign.other}": "**2027**"}
    )


def preview_and_publish(owner: Visitor, campaign: Campaign, demo: Demo) -> None:
    """Nobody sees it before the button is pressed, and everybody afterwards."""
    page = owner.page
    preview = Desk(page).preview()
    expect(preview.bar).to_be_visible()
    assert Statement(page).title == TITLES[campaign.language]
    assert len(Statement(page).demands) == 2
    expect(page.locator("#sign form :is(input, select, textarea, button):enabled")).to_have_count(0)
    preview.back()
    owner.expected = {404}
    owner.open(f"/c/{campaign.slug}", campaign.language)
    owner.expected = set()
    page.go_back()
    publish = Desk(page).publishing()
    assert publish.missing == []
    publish.publish()
    until(lambda: demo.is_open(campaign.slug), "the campaign to be open")


def sign(supporter: Visitor, campaign: Campaign, name: str, address: str) -> None:
    """Somebody else signs and confirms; no page gives them a cookie."""
    supporter.open(f"/c/{campaign.slug}", campaign.language)
    statement = Statement(supporter.page)
    assert statement.title == TITLES[campaign.language]
    statement.go_to_form()
    signed = statement.sign(name=name, email=address, country="IE", visibility="public")
    thanks = signed.open_mailbox().open_mail_to(address).follow().press()
    assert thanks.count() == 1
    expect(supporter.page.locator("main strong").filter(has_text="2027")).to_be_visible()
    assert supporter.context.cookies() == []


def join(colleague: Visitor, campaign: Campaign, name: str) -> None:
    """From the invitation to the campaign; the link works once."""
    invited = follow_invitation(colleague, campaign.colleague, campaign.language)
    link = colleague.page.url
    expect(invited.field("name")).to_have_value(name)
    campaigns = invited.choose(name, PASSWORD)
    expect(campaigns.rows).to_have_count(1)
    campaigns.log_out()
    colleague.expected = {404}
    colleague.page.goto(link)
    expect(invited.field("password")).to_have_count(0)
    colleague.expected = set()


def download(colleague: Visitor, campaign: Campaign, demo: Demo, name: str, address: str) -> None:
    """The password once more, then the list; it names nobody's address."""
    page = colleague.page
    log_in(colleague, campaign.colleague, PASSWORD, campaign.path, campaign.language)
    assert Desk(page).ways == ["", "history", "share", "figures", "paper", "exports", "deliveries"]
    demo.age_password(campaign.colleague)
    Desk(page).go("exports")
    follow(page.locator('main a[href*="/exports/new?"]'))
    assert Again(page).path == "/console/password"
    Again(page).enter(PASSWORD)
    Desk(page).go("exports")
    lists = Lists(page)
    lists.make()
    content = lists.download()
    header, row, *rest = content.decode().split("\r\n")
    assert len(header.split(",")) == len(row.split(",")) == 5
    assert row.startswith(f"1,{name},")
    assert row.endswith(f",{campaign.language}")
    assert rest == [""]
    assert address.encode() not in content


def change_the_wording(editor: Visitor, campaign: Campaign, demo: Demo) -> None:
    """Who has signed something else is told on the public page what changed and why."""
    page, language = editor.page, campaign.language
    assert "exports" not in Desk(page).ways
    texts = Desk(page).texts()
    texts.write(body=WORDS[language]["body"] + "\n\n2028.")
    texts.save()
    publish = texts.publishing()
    editor.expected = {422}
    publish.press()
    expect(publish.error(f"note_{language}")).to_be_visible()
    editor.expected = set()
    publish.publish(**{language: NOTES[language]})
    assert Desk(page).history().notes == [NOTES[language]]
    assert page.locator(".revisions li").count() == 2

    def look() -> bool:
        editor.open(f"/c/{campaign.slug}", language)
        return page.locator(".wording-notes").filter(has_text=NOTES[language]).count() == 1

    until(look, "the note on the public page")
    assert_no_cookie_goes_along(editor)
    follow(page.locator('.wording-notes a[href*="/versions"]'))
    expect(page.locator("main")).to_contain_text(WORDS[language]["demands"].split(". ")[-1])


def write_at_the_same_time(owner: Visitor, editor: Visitor, campaign: Campaign) -> None:
    """The second is told, and the words of both are there."""
    language = campaign.language
    pages = []
    for visitor in (owner, editor):
        visitor.open(f"{campaign.path}/texts/{language}", language)
        pages.append(Texts(visitor.page))
    mine, theirs = pages
    theirs.write(summary="2029.")
    theirs.save()
    expect(theirs.done).to_be_visible()
    mine.write(summary="2030.")
    owner.expected = {409}
    mine.save()
    owner.expected = set()
    expect(mine.conflict).to_contain_text("2029.")
    expect(mine.field("summary")).to_have_value("2030.")
    editor.page.reload()
    expect(theirs.field("summary")).to_have_value("2029.")
    mine.save()
    expect(mine.done).to_be_visible()
    editor.page.reload()
    expect(theirs.field("summary")).to_have_value("2030.")


def close_and_win(owner: Visitor, campaign: Campaign, demo: Demo) -> None:
    """Nobody can sign any more, and everybody sees what came of it."""
    state = Desk(owner.page).state()
    state.close()
    state.say_outcome("won")
    until(lambda: not demo.is_open(campaign.slug), "the campaign to be closed")

    def look() -> bool:
        owner.open(f"/c/{campaign.slug}", campaign.language)
        return owner.page.locator(".outcome--won").count() == 1

    until(look, "the outcome on the page")
    expect(owner.page.locator("#sign form")).to_have_count(0)
    owner.open(campaign.path, campaign.language)


def read_the_log(owner: Visitor, names: list[str]) -> None:
    """It holds everything that was done, sealed."""
    page = owner.page
    log = Desk(page).log()
    oona, edith, dara = names

    def is_sealed() -> bool:
        page.reload()
        return log.seals.count() == len(log.actors)

    until(is_sealed, "the seals")
    rows = list(csv.DictReader(io.StringIO(log.download())))
    assert [(row["actor"], row["action"]) for row in rows] == [
        (oona, "campaign.created"),
        *[(oona, "campaign.saved")] * 8,
        (oona, "campaign.published"),
        (oona, "member.invited"),
        (dara, "export.asked"),
        (dara, "export.made"),
        (dara, "export.downloaded"),
        (edith, "campaign.saved"),
        (edith, "campaign.published"),
        (edith, "campaign.saved"),
        (oona, "campaign.saved"),
        (oona, "campaign.closed"),
        (oona, "campaign.outcome"),
        (oona, "audit.downloaded"),
    ]
    assert log.actors == [row["actor"] for row in rows[:-1]][::-1]
