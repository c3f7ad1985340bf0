"""A signer's own page, from the link in the mail: see, change, download, get a new link, stop mails, withdraw."""

from playwright.sync_api import Page, expect

from tests.e2e.browsing import Visitor, follow
from tests.e2e.conftest import NewVisitor, two_visitors
from tests.e2e.pages import Confirm, Find, Mailbox, Own, Signers, Statement, Unsubscribe, Withdraw, Withdrawn
from tests.e2e.program import Demo
from tests.e2e.samples import CHANGED, WHOLE
from tests.e2e.tour import CHANGED_SIGNER, changed_path, dead_paths

GONE, UNPROCESSABLE = 404, 422


def names_on_list(page: Page, language: str, search: str = "") -> list[str]:
    """Whom the public list shows, the latest first; or whom its search finds."""
    page.goto(f"/c/{WHOLE}/signatures?lang={language}&q={search}")
    return Signers(page).names


@two_visitors
def test_a_signer_sees_changes_and_downloads_what_is_kept(
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
    typed = {
        "name": f"Áine {word}",
        "country": "IE",
        "city": "Exampletown",
        "affiliation": "Example works",
        "comment": "First line\nSecond line",
        "q_role": "Baker",
        "q_union": "Local 0",
    }
    visitor.open(f"/c/{WHOLE}", language)
    statement = Statement(page)
    title, demands = statement.title, statement.demands
    consent = statement.form.locator("label:has(#f-updates)").inner_text()
    expect(statement.field("updates")).not_to_be_checked()
    signed = statement.sign(email=address, visibility="public", updates=True, **typed)

    # Before it is confirmed, the link to the own page leads to the button that confirms it.
    signed.open_mailbox().open_mail_to(address).follow_own()
    confirm = Confirm(page)
    expect(confirm.preview).to_contain_text(typed["name"])
    confirm.press()
    visitor.open("/mailbox", language)
    own = Mailbox(page).open_mail_to(address).follow_own()
    path, count = own.path, demo.count(WHOLE)

    # Everything is there, and exactly what was signed; on the page and in the file.
    expect(own.preview).to_contain_text(typed["name"])
    expect(own.facts).to_contain_text(address)
    expect(own.consent).to_have_text(consent)
    assert own.values() == typed | {"visibility": "public", "updates": "y"}
    wording = own.open_wording()
    expect(wording).to_have_attribute("lang", language)
    expect(wording.locator("h3")).to_have_text(title)
    assert wording.locator(".demands li").all_inner_texts() == demands
    data = own.download()
    assert (data["statement"]["title"], data["statement"]["language"]) == (title, language)
    assert data.keys() >= {"number", "drafted_at", "confirmed_at", "updates_at", "consent_version"}
    kept = {name: data[name] for name in ("name", "country", "city", "affiliation", "comment", "email")}
    assert kept == {name: typed[name] for name in kept if name != "email"} | {"email": address}
    assert data["answers"] == {"role": "Baker", "union": "Local 0"}
    assert (data["visibility"], data["updates"], data["updates_wording"]) == ("public", True, consent)

    # The link of a mail with news stops them; to open it is not enough.
    stop = demo.unsubscribe_path(path)
    visitor.open(stop, language)
    assert address not in page.content()
    assert word not in page.content()
    visitor.open(path, language)
    expect(own.consent).to_be_visible()
    visitor.open(stop, language)
    Unsubscribe(page).press()
    visitor.open(path, language)
    expect(own.consent).to_have_count(0)
    expect(own.field("updates")).not_to_be_checked()

    # A change that is wrong changes nothing, and keeps what was typed.
    own.fill(name="", city="Elsewhere", q_role="", updates=True)
    own.press()
    expect(own.summary).to_be_focused()
    expect(own.summary).to_be_in_viewport()
    links = own.summary.get_by_role("link")
    assert [link.get_attribute("href") for link in links.all()] == ["#f-name", "#f-q_role"]
    links.first.press("Enter")
    expect(own.field("name")).to_be_focused()
    expect(own.field("name")).to_have_attribute("aria-describedby", "f-name-error")
    entered = {name: value for name, value in typed.items() if name not in ("name", "q_role")}
    assert own.values() == entered | {"city": "Elsewhere", "visibility": "public", "updates": "y"}
    visitor.open(path, language)
    assert own.values() == typed | {"visibility": "public"}

    # Every field is changed, and the public list follows: less is shown, more, and nothing.
    changed = {
        "name": f"Qadira {word}",
        "country": "LB",
        "city": "Townsample",
        "affiliation": "Sample works",
        "comment": "تضامن",
        "q_role": "Miller",
        "q_union": "Local 1",
    }
    own.change(visibility="initials", updates=True, **changed)
    assert own.values() == changed | {"visibility": "initials", "updates": "y"}
    expect(own.preview.locator("bdi").first).to_have_text("Q. S.")
    expect(own.consent).to_have_text(consent)
    demo.wait_for_list(WHOLE, language, "Q. S.")
    assert names_on_list(page, language)[0] == "Q. S."
    assert word not in page.content()
    assert names_on_list(page, language, word) == []

    visitor.open(path, language)
    own.change(visibility="public")
    expect(own.preview).to_contain_text("تضامن")
    demo.wait_for_list(WHOLE, language, word)
    assert names_on_list(page, language)[0] == changed["name"]
    demo.wait_for_list(WHOLE, language, changed["name"], search=word)
    assert names_on_list(page, language, word) == [changed["name"]]

    visitor.open(path, language)
    own.change(visibility="anonymous", updates=False)
    expect(own.preview).to_have_count(0)
    assert own.values() == {"country": "LB", "visibility": "anonymous", "q_role": "Miller"}
    data = own.download()
    assert [data[name] for name in ("name", "city", "affiliation", "comment")] == [None] * 4
    assert (data["answers"], data["updates_wording"], data["updates_at"]) == ({"role": "Miller"}, None, None)
    demo.wait_for_list(WHOLE, language, word, there=False)
    assert changed["name"] not in names_on_list(page, language)
    demo.wait_for_list(WHOLE, language, changed["name"], there=False, search=word)
    assert names_on_list(page, language, word) == []
    assert demo.count(WHOLE) == count


@two_visitors
def test_a_signer_gets_a_new_link_withdraws_and_signs_again(
    new_window: NewVisitor,
    demo: Demo,
    word: str,
    address: str,
    size: tuple[int, int],
    javascript: bool,
    language: str,
) -> None:
    visitor = new_window(size, java_script_enabled=javascript)
    visitor.expected |= {GONE, UNPROCESSABLE}
    page, name = visitor.page, f"Áine {word}"
    entered = {"name": name, "country": "IE", "q_role": "Baker"}
    old_path = demo.signed(WHOLE, address, language, **entered)
    count = demo.count(WHOLE)

    # The new link is mailed. The old one is dead: like every link that leads to nothing, and it offers a mail.
    visitor.open(old_path, language)
    Own(page).ask_for_new_link()
    expect(page.locator(f'footer a[href^="/c/{WHOLE}/privacy"]')).to_be_visible()
    demo.own_path(address, mails=2)
    words = set()
    for dead in (*dead_paths(demo, old_path), old_path):
        visitor.open(dead, language)
        words.add(page.locator("main").inner_text())
    assert len(words) == 1
    find = Find(page)
    find.press()
    expect(find.summary).to_be_focused()
    answer_to_unknown = find.ask(f"nobody.{address}").words
    visitor.open(old_path, language)
    sent = find.ask(address)
    assert (sent.path, sent.words) == ("/find", answer_to_unknown)
    own = sent.open_mailbox().open_mail_to(address, mails=3).follow_own()
    assert demo.named_by(own.path) == demo.named_by(old_path)._replace(epoch=1)
    expect(own.preview).to_contain_text(name)
    path = own.path

    # It is asked once more, and one can go back.
    withdraw = own.go_to_withdraw()
    expect(page.locator("main")).to_contain_text(name)
    own = withdraw.keep()
    assert own.path == path
    assert demo.count(WHOLE) == count

    # Withdrawn is withdrawn once, however often the button is pressed.
    own.go_to_withdraw().button.dblclick()
    page.wait_for_url("**/withdrawn?**")
    withdrawn = Withdrawn(page)
    assert word not in page.content()
    assert demo.count(WHOLE) == count - 1
    demo.wait_for_page(WHOLE, count - 1)
    assert names_on_list(page, language, word) == []

    # The link that did it says it again; the earlier one says nothing.
    visitor.open(old_path, language)
    expect(find.field("email")).to_be_visible()
    visitor.open(path, language)
    assert withdrawn.path == f"/c/{WHOLE}/withdrawn"

    signed = withdrawn.sign_again().sign(email=address, visibility="public", updates=False, **entered)
    thanks = signed.open_mailbox().open_mail_to(address, mails=4).follow().press()
    assert thanks.count() == demo.count(WHOLE) == count


@two_visitors
def test_a_closed_campaign_is_left_to_its_signers(
    new_window: NewVisitor,
    demo: Demo,
    size: tuple[int, int],
    javascript: bool,
    language: str,
) -> None:
    visitor = new_window(size, java_script_enabled=javascript)
    path, mails = changed_path(demo), len(demo.mails_to(CHANGED_SIGNER))
    visitor.open(f"/c/{CHANGED}", language)
    today = Statement(visitor.page)
    expect(today.form).to_have_count(0)
    sent = today.find_mine().ask(CHANGED_SIGNER)
    own = sent.open_mailbox().open_mail_to(CHANGED_SIGNER, mails=mails + 1).follow_own()
    assert demo.named_by(own.path) == demo.named_by(path)

    visitor.open(path, language)
    city = f"Exampletown {language} {javascript}"
    own.change(city=city)
    assert own.values()["city"] == city

    # What stands here is what was signed, in its language, not what the campaign says today.
    page_of_today = own.page.locator('section[aria-labelledby="signed"] > p a')
    wording = own.open_wording()
    expect(wording).to_have_attribute("lang", "en")
    signed = wording.locator("h3").inner_text()
    follow(page_of_today)
    assert today.title != signed
    assert today.path == f"/c/{CHANGED}"
    visitor.open(path, language)
    own.go_to_withdraw()
    expect(Withdraw(visitor.page).button).to_be_visible()


def test_a_mail_program_stops_the_mails_without_a_page(visitor: Visitor, demo: Demo, address: str) -> None:
    path = demo.signed(WHOLE, address, q_role="Baker", updates="y")
    own = Own(visitor.page)
    visitor.open(path)
    expect(own.consent).to_be_visible()
    headers = {"Origin": "https://mail.example.org", "Sec-Fetch-Site": "cross-site"}
    assert demo.press(demo.unsubscribe_path(path), **headers) == 200
    visitor.open(path)
    expect(own.consent).to_have_count(0)
