"""Takes the pictures of docs/leads.md, with made-up people: python -m tests.e2e.lead_pictures"""

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from petitions.accounts.roles import Role
from petitions.cli.demo_lead import LEAD
from tests.e2e.browsing import Visitor, new_visitor
from tests.e2e.conftest import ARGUMENTS, find_chromium
from tests.e2e.console_pages import Campaigns, Desk, Lists, Log, Texts, log_in
from tests.e2e.cosigned import let_ask, show_others
from tests.e2e.delivery_pages import AskForList, OneList, Timeline, wait_for_deliveries
from tests.e2e.past import give_past
from tests.e2e.pictures import TARGET, pack, sign
from tests.e2e.program import PASSWORD, Demo, running_demo, until

CAMPUSES = "hands-off-our-campuses"
STRIKE = "wabtec-strike"
COSIGNED = "solidarity-mugimendu-sozialista"
DELIVERER = "dara@example.org"
_WINDOW, _PHONE = (1000, 720), (390, 844)


def take(visitor: Visitor, name: str) -> None:
    """The window as it is, without the line that says that these are samples."""
    visitor.page.evaluate("() => { document.querySelector('.sample').remove(); document.activeElement.blur(); }")
    (TARGET / f"lead-{name}.png").write_bytes(pack(visitor.page.screenshot()))


def scroll_to(visitor: Visitor, selector: str) -> None:
    visitor.page.locator(selector).first.evaluate("element => scrollTo(0, element.offsetTop - 24)")


def take_overview(lead: Visitor) -> None:
    """A campaign that begins."""
    Campaigns(lead.page).start().create("Keep the crèche of Sampletown open", "")
    lead.open(lead.page.url.partition("/texts")[0].removeprefix(lead.base_url))
    take(lead, "overview")


def take_texts_and_publishing(lead: Visitor, title: str) -> None:
    """The wording of a campaign changes after people have signed."""
    lead.open(f"/console/c/{CAMPUSES}/texts/en")
    texts = Texts(lead.page)
    demands = texts.field("demands").input_value()
    texts.write(title=title, demands=demands.replace("the solidarity movement", "any solidarity movement"))
    texts.save()
    texts.open("ar")
    take(lead, "texts")
    Desk(lead.page).publishing()
    scroll_to(lead, "#changes")
    take(lead, "publish")


def take_export(lead: Visitor) -> None:
    """What a list can be."""
    lead.open(f"/console/c/{CAMPUSES}/exports/new")
    ask = AskForList(lead.page)
    for box in (ask.box("formats", "pdf"), ask.box("pack")):
        box.check()
    lead.page.mouse.move(0, 0)
    lead.page.set_viewport_size({"width": _WINDOW[0], "height": 900})
    scroll_to(lead, "html")
    take(lead, "export")
    lead.page.set_viewport_size({"width": _WINDOW[0], "height": _WINDOW[1]})


def take_list_and_timeline(deliverer: Visitor) -> None:
    """For somebody who delivers it, on a telephone; and what everybody reads of it."""
    log_in(deliverer, DELIVERER, PASSWORD, f"/console/c/{CAMPUSES}/exports")
    Lists(deliverer.page).make()
    form = OneList(deliverer.page).record()
    delivery = form.save("the Ministry of Education in Sampletown", "They took all of it, and will answer in May.")
    delivery.add_photograph()
    delivery.show_photograph("Boxes of signatures before the ministry")
    deliverer.open(f"/console/c/{CAMPUSES}/exports")
    take(deliverer, "list")
    deliverer.open(f"/c/{CAMPUSES}/deliveries")
    timeline = Timeline(deliverer.page)
    wait_for_deliveries(timeline, 1)
    timeline.width_of_picture()
    scroll_to(deliverer, "html")
    take(deliverer, "timeline")


def take_moderation(lead: Visitor) -> None:
    """A campaign that has gone on for weeks: how it goes, and how it is kept clean."""
    lead.open(f"/console/c/{STRIKE}/figures")
    scroll_to(lead, "#when")
    take(lead, "figures")
    desk = Desk(lead.page)
    desk.go("held")
    lead.page.locator(".people summary").first.click()
    take(lead, "held")
    desk.go("rules")
    take(lead, "rules")
    desk.go("signatures")
    lead.page.locator(".looked:has(.looked__comment) .looked__name a").first.click()
    take(lead, "signature")


def take_organisations(lead: Visitor, demo: Demo) -> None:
    """Those about which somebody has to decide."""
    show_others(demo, COSIGNED)
    let_ask(demo, COSIGNED)
    lead.open(f"/console/c/{COSIGNED}/organisations")
    take(lead, "organisations")


def take_log(lead: Visitor) -> None:
    """What was done until now, sealed."""
    lead.open(f"/console/c/{CAMPUSES}/audit")
    log = Log(lead.page)

    def is_sealed() -> bool:
        lead.page.reload()
        return log.seals.count() == len(log.actors)

    until(is_sealed, "the seals")
    take(lead, "log")


def take_all(browser: Browser, demo: Demo) -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    sign(demo, CAMPUSES, 22)
    demo.make_lead(DELIVERER, "Dara Delivery")
    demo.give_role(CAMPUSES, DELIVERER, Role.DELIVERY)
    lead, deliverer = new_visitor(browser, demo.url, _WINDOW), new_visitor(browser, demo.url, _PHONE)
    lead.logs_in = deliverer.logs_in = True
    log_in(lead, LEAD, demo.password)
    take_overview(lead)
    take_export(lead)
    take_list_and_timeline(deliverer)
    take_texts_and_publishing(lead, "Hands off all our campuses!")
    take_log(lead)
    give_past(demo, STRIKE)
    take_moderation(lead)
    take_organisations(lead, demo)
    lead.leave()
    deliverer.leave()


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        running_demo(Path(folder)) as demo,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        take_all(browser, demo)
        browser.close()


if __name__ == "__main__":
    main()
