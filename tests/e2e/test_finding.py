"""Ways of those who lost their link, whose address somebody else typed, or who only want to know what is kept."""

from playwright.sync_api import expect

from tests.e2e.browsing import follow, numbers_in
from tests.e2e.conftest import NewVisitor, two_visitors
from tests.e2e.pages import Confirm, Find, NotMe, Privacy, Statement, Withdraw
from tests.e2e.program import Demo
from tests.e2e.samples import CLOSED, WHOLE
from tests.e2e.tour import LETTER

GONE, UNPROCESSABLE = 404, 422


@two_visitors
def test_somebody_reads_what_is_kept_and_finds_what_is_kept_of_them(
    new_window: NewVisitor,
    demo: Demo,
    word: str,
    address: str,
    size: tuple[int, int],
    javascript: bool,
    language: str,
) -> None:
    visitor = new_window(size, java_script_enabled=javascript)
    visitor.expected.add(UNPROCESSABLE)
    page = visitor.page
    path = demo.signed(WHOLE, address, name=f"Áine {word}", q_role="Baker")

    # What is told follows from the settings of the campaign.
    visitor.open(f"/c/{CLOSED}/privacy", language)
    privacy = Privacy(page)
    expect(privacy.visibilities).to_have_count(2)
    default_consent = privacy.consent.inner_text()
    visitor.open(f"/c/{LETTER}/privacy", language)
    assert numbers_in(privacy.retention) == {6}  # months after its end, for which no day is set
    visitor.open(f"/c/{WHOLE}", language)
    consent = page.locator("label:has(#f-updates)").inner_text()
    follow(page.locator(".consent a"))
    assert privacy.path == f"/c/{WHOLE}/privacy"
    expect(privacy.visibilities).to_have_count(4)
    expect(privacy.consent).to_have_text(consent)
    assert consent != default_consent
    due_at = demo.campaign(WHOLE).purge_due_at
    assert due_at is not None
    assert numbers_in(privacy.retention) == {due_at.day, due_at.year}

    # From there, or from "signed already?", one asks for the link; the answer is the same for everybody.
    find = privacy.find_mine()
    assert find.path == f"/c/{WHOLE}/find"
    find.field("email").fill("nobody@")
    find.press()
    expect(find.summary).to_be_focused()
    expect(find.field("email")).to_have_value("nobody@")
    expect(find.error("email")).not_to_be_empty()
    unknown = f"nobody.{address}"
    answer_to_unknown = find.ask(unknown).words
    visitor.open(f"/c/{WHOLE}", language)
    sent = Statement(page).find_mine().ask(address)
    assert sent.words == answer_to_unknown
    own = sent.open_mailbox().open_mail_to(address, mails=2).follow_own()
    assert demo.named_by(own.path) == demo.named_by(path)
    expect(own.preview).to_contain_text(word)
    assert demo.mails_to(unknown) == []


@two_visitors
def test_somebody_says_that_it_was_not_them_takes_it_back_and_signs(
    new_window: NewVisitor,
    demo: Demo,
    word: str,
    address: str,
    size: tuple[int, int],
    javascript: bool,
    language: str,
) -> None:
    visitor = new_window(size, java_script_enabled=javascript)
    visitor.expected.add(GONE)
    page = visitor.page
    entered = {"name": f"Áine {word}", "email": address, "country": "IE", "q_role": "Baker"}
    count = demo.count(WHOLE)
    visitor.open(f"/c/{WHOLE}", language)
    mail = Statement(page).sign(updates=False, **entered).open_mailbox().open_mail_to(address)
    confirm_path = demo.confirm_path(address)

    not_me = mail.follow_not_me()
    assert word not in page.content()
    assert address not in page.content()
    visitor.open(confirm_path, language)
    expect(Confirm(page).button).to_be_visible()  # to open the link was not enough
    visitor.open(f"{confirm_path}/not-me", language)
    not_me.press()
    assert word not in page.content()
    visitor.open(confirm_path, language)
    expect(Confirm(page).button).to_have_count(0)

    # Whoever enters the address now gets the same page, and the address no mail: see the last line.
    visitor.open(f"/c/{WHOLE}", language)
    Statement(page).sign(updates=False, **entered)
    visitor.open(f"/c/{WHOLE}/find", language)
    Find(page).ask(address)

    visitor.open(f"{confirm_path}/not-me", language)
    statement = NotMe(page).undo()
    assert statement.path == f"/c/{WHOLE}"
    confirm = statement.sign(updates=False, **entered).open_mailbox().open_mail_to(address, mails=2).follow()
    confirm.press()
    assert demo.count(WHOLE) == count + 1
    assert len(demo.mails_to(address)) == 2

    # Once it is confirmed, the link leads to the page that withdraws it.
    visitor.open(f"{demo.confirm_path(address)}/not-me", language)
    expect(Withdraw(page).button).to_be_visible()
