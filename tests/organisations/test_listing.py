"""The list as a server keeps it: read anew only when something that everybody sees has changed."""

from collections.abc import Callable
from dataclasses import replace

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.organisations import own
from petitions.organisations.deciding import Decision
from petitions.organisations.listing import Shown, find_shown
from petitions.organisations.pictures import Logo
from petitions.settings import Settings
from tests import factories
from tests.organisations.acting import ask, judge, link, shown, waiting


def test_what_everybody_sees_and_nothing_else(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    logo = Logo(b"logo", 30, 20)
    asked = shown(database, settings, campaign, members=5, comment="With you.", logo=logo)
    shown(database, settings, campaign, name="Union of Others e.V.", website=None)
    waiting(database, settings, campaign)
    ask(database, settings, campaign)
    shown(database, settings, factories.make_campaign(database, slug="other"))
    with database.reading() as session:
        found = find_shown(session, campaign.id)
    first, second = sorted(found.organisations, key=lambda one: one.number)
    assert (first.name, first.members, first.comment, first.website) == (
        asked.entry.name,
        5,
        "With you.",
        "https://union.example.org",
    )
    assert (first.logo, first.logo_width, first.logo_height) == (logo.digest, 30, 20)
    assert (second.logo, second.logo_width) == (None, None)
    assert found.name_keys == {"union of examples", "union of others"}
    assert found.standing.counted == len(found.organisations) == 2
    said = repr(found)
    for secret in ("Clara", "Secretary", asked.contact.email, "+353"):
        assert secret not in said


def test_it_is_read_again_only_when_something_of_it_changed(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    def look(before: Shown | None = None) -> Shown:
        with database.reading() as session:
            return find_shown(session, campaign.id, before)

    def change(**changes: object) -> Callable[[], object]:
        def run() -> object:
            wish = own.Change(replace(asked.entry, **changes))  # type: ignore[arg-type]
            with database.writing() as session:
                return own.change(session, link(asked), wish, utc_now())

        return run

    assert look() is look()
    asked = shown(database, settings, campaign)
    known = look()
    unseen: list[Callable[[], object]] = [
        lambda: ask(database, settings, campaign),
        lambda: waiting(database, settings, campaign),
        change(name="Union of Others"),
        lambda: judge(database, asked, Decision.KEEP),
        lambda: judge(database, asked, Decision.ASK, message="Who?"),
    ]
    for do in unseen:
        do()
        assert look(known) is known
    new = factories.make_campaign(database, wordings={"en": replace(factories.WORDING, title="Free him")})

    def renew() -> None:
        with database.writing() as session:
            own.renew(session, link(asked), new.statements["en"].id, utc_now())

    def withdraw() -> None:
        with database.writing() as session:
            own.withdraw(session, link(asked), utc_now())

    seen: list[Callable[[], object]] = [
        change(city="Galway"),
        renew,
        lambda: judge(database, asked, Decision.DECLINE),
        lambda: judge(database, asked, Decision.APPROVE),
        withdraw,
    ]
    for do in seen:
        do()
        changed = look(known)
        assert changed is not known
        assert look(changed) is changed
        known = changed
