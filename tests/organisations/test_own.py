"""What an organisation does by its private link."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.addresses import make_email_key
from petitions.campaigns.models import Statement
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import LinkInvalid, NotPossible, TooOften
from petitions.mail.limited import LimitedMails
from petitions.mail.models import Outbox
from petitions.organisations import own, turns
from petitions.organisations.deciding import Decision
from petitions.organisations.models import (
    APPROVED,
    ASKED,
    BY_CHANGE,
    BY_CONTACT,
    BY_RULE,
    MERGED,
    WAITING,
    OrganisationLogo,
)
from petitions.organisations.pictures import Logo
from petitions.organisations.requesting import Contact, Request
from petitions.settings import Settings
from petitions.tokens import Named
from tests import factories
from tests.organisations.acting import (
    ask,
    assert_true,
    find,
    judge,
    link,
    logged,
    mails,
    press,
    race,
    row,
    set_columns,
    shown,
    waiting,
)

RED, BLUE = Logo(b"red", 30, 10), Logo(b"blue", 20, 10)


def change(
    database: Database,
    asked: Request,
    logo: Logo | None = None,
    *,
    drops_logo: bool = False,
    held: bool = False,
    **changes: Any,
) -> bool:
    """Send the form of the own page with these changes of the request; whether something has to be approved."""
    wish = own.Change(replace(asked.entry, **changes), logo, drops_logo)
    with database.writing() as session:
        return own.change(session, link(asked), wish, utc_now(), held=held)


def logos(database: Database) -> set[bytes]:
    with database.reading() as session:
        return set(session.scalars(select(OrganisationLogo.image)))


def dora(settings: Settings, email: str = "dora@union.example.org") -> Contact:
    """Who is to speak for it."""
    return Contact("Dora Next", "Chair", email, make_email_key(email, settings.email_key), None)


def hand_over(database: Database, asked: Request, contact: Contact, now: datetime | None = None) -> None:
    with database.writing() as session:
        own.hand_over(session, link(asked), contact, now or utc_now())


def use_up(database: Database, asked: Request, email_key: bytes) -> None:
    """Queue as many mails to an address as it may get in a day."""
    with database.writing() as session:
        mails = LimitedMails(session, {email_key}, utc_now())
        while mails.add("own_link", asked.campaign_id, asked.id, email_key, "en"):
            pass
        mails.queue()


def sent_kinds(database: Database) -> list[str]:
    return [kind for kind, _subject in mails(database)]


def button(database: Database, asked: Request) -> Named:
    """What the button in the mail to the new contact names."""
    following = row(database, asked).next_contact
    assert following is not None
    return link(asked, following["key"])


# Changes


def test_before_the_first_approval_everything_is_changed_at_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = waiting(database, settings, campaign, members=5)
    judge(database, asked, Decision.ASK, message="How many are you?")
    assert not change(database, asked, RED, name="Union of Others e.V.", members=50, website=None)
    kept = row(database, asked)
    assert (kept.name, kept.members, kept.logo, kept.proposed) == ("Union of Others e.V.", 50, RED.digest, None)
    assert (kept.domain, kept.domain_proven, kept.name_key) == (None, False, "union of others")
    assert (kept.state, kept.revision) == (WAITING, 4)
    assert logged(database)[-1] == (
        "organisation",
        "organisation.changed",
        {"organisation": 1, "fields": ["members", "name", "website"]},
    )
    assert not change(database, asked, BLUE)
    assert logos(database) == {b"blue"}
    assert not change(database, asked, drops_logo=True)
    assert (row(database, asked).logo, logos(database)) == (None, set())


def test_what_is_shown_changes_at_once_but_for_name_website_and_logo(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign, members=5)
    before = assert_true(database, campaign).revision
    assert not change(database, asked, members=9, comment="With you.", city=None, kind="party", country="FR")
    kept = row(database, asked)
    assert (kept.members, kept.comment, kept.city, kept.kind, kept.country) == (
        9,
        "With you.",
        None,
        "party",
        "FR",
    )
    standing = assert_true(database, campaign)
    assert (standing.counted, standing.members, standing.revision) == (1, 9, before + 1)
    assert change(database, asked, RED, name="Union of Fakes", website=None, members=9)
    kept = row(database, asked)
    assert (kept.name, kept.website, kept.logo) == ("Union of Examples", "https://union.example.org", None)
    assert kept.proposed == {"name": "Union of Fakes", "website": None, "logo": RED.digest}
    assert kept.state == APPROVED
    assert judge(database, asked, Decision.APPROVE).done == [1]
    kept = row(database, asked)
    assert (kept.name, kept.website, kept.logo, kept.domain) == ("Union of Fakes", None, RED.digest, None)
    assert assert_true(database, campaign).members == 9


def test_a_proposal_gives_way_to_the_next_and_is_taken_back(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """And no picture stays that nobody shows or proposes."""
    asked = shown(database, settings, campaign, logo=RED)
    assert change(database, asked, BLUE)
    assert logos(database) == {b"red", b"blue"}
    assert change(database, asked, name="Union of Fakes")
    assert row(database, asked).proposed == {"name": "Union of Fakes", "logo": BLUE.digest}
    assert not change(database, asked, RED)
    assert (row(database, asked).proposed, logos(database)) == (None, {b"red"})
    assert change(database, asked, drops_logo=True)
    assert row(database, asked).proposed == {"logo": None}
    judge(database, asked, Decision.APPROVE)
    assert (row(database, asked).logo, logos(database)) == (None, set())


def test_a_logo_stays_while_another_organisation_has_it(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Shown by one, proposed by another, of one more campaign: each in turn."""
    first = shown(database, settings, campaign, logo=RED)
    second = shown(database, settings, campaign)
    assert change(database, second, RED)
    with database.writing() as session:
        own.withdraw(session, link(first), utc_now())
    assert logos(database) == {b"red"}
    elsewhere = waiting(database, settings, factories.make_campaign(database, slug="other"), logo=RED)
    judge(database, second, Decision.KEEP)
    with database.reading() as session:
        owners = session.scalars(select(OrganisationLogo.campaign_id)).all()
    assert owners == [elsewhere.campaign_id]


def test_what_a_rule_is_about_has_to_be_approved_whole(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign, members=5)
    before = assert_true(database, campaign)
    wanted: dict[str, Any] = {"members": 6, "comment": "Buy now.", "city": None, "kind": "party", "country": "FR"}
    assert change(database, asked, held=True, **wanted)
    kept = row(database, asked)
    assert (kept.members, kept.comment, kept.city, kept.kind, kept.country) == (5, None, "Cork", "union", "IE")
    assert (kept.proposed, kept.look) == (wanted, None)
    assert assert_true(database, campaign) == before
    assert judge(database, asked, Decision.APPROVE).done == [1]
    kept = row(database, asked)
    assert {name: getattr(kept, name) for name in wanted} == wanted
    assert kept.proposed is None
    assert assert_true(database, campaign).members == 6


def test_a_leap_of_members_has_to_be_approved(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Also one in many steps: nobody has looked at the first of them."""
    asked = shown(database, settings, campaign, members=600)
    assert change(database, asked, members=1201)
    assert (row(database, asked).members, row(database, asked).proposed) == (600, {"members": 1201})
    assert not change(database, asked, members=1200)
    assert (row(database, asked).members, row(database, asked).look) == (1200, BY_CHANGE)
    assert change(database, asked, members=1300)
    assert not change(database, asked, members=1100)
    assert assert_true(database, campaign).members == 1100
    assert change(database, asked, members=100_000_000)
    judge(database, asked, Decision.KEEP)
    assert (row(database, asked).members, row(database, asked).look) == (1100, None)
    assert not change(database, asked, members=2000)
    assert assert_true(database, campaign).members == 2000


@pytest.mark.parametrize(
    ("before", "changes", "look"),
    [
        (None, {"comment": "With you."}, BY_CHANGE),
        (None, {"city": "Dublin"}, BY_CHANGE),
        (None, {"kind": "party"}, BY_CHANGE),
        (None, {"country": "FR"}, BY_CHANGE),
        (None, {"members": 1000}, None),
        (None, {"members": 4}, None),
        (None, {"name": "Others"}, None),
        (BY_RULE, {"city": "Dublin"}, BY_RULE),
        (BY_CONTACT, {"city": "Dublin"}, BY_CONTACT),
    ],
)
def test_a_lead_looks_at_what_changed(
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    before: str | None,
    changes: dict[str, Any],
    look: str | None,
) -> None:
    asked = shown(database, settings, campaign, members=5)
    set_columns(database, asked, look=before)
    change(database, asked, **{"members": 5, **changes})
    assert row(database, asked).look == look


def test_a_form_without_news_writes_nothing(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """No line of the log, no revision, and no list is made anew."""
    asked = waiting(database, settings, campaign, logo=RED, members=5)

    def do_nothing() -> None:
        before = (row(database, asked).revision, logged(database), assert_true(database, campaign))
        change(database, asked)
        change(database, asked, RED)
        with database.writing() as session:
            own.correct_contact(session, link(asked), asked.contact, utc_now())
        assert (row(database, asked).revision, logged(database), assert_true(database, campaign)) == before

    do_nothing()
    judge(database, asked, Decision.APPROVE)
    do_nothing()
    assert change(database, asked, BLUE, name="Union of Others")
    before = row(database, asked).revision
    assert change(database, asked, BLUE, name="Union of Others")
    assert change(database, asked, name="Union of Others")
    assert row(database, asked).revision == before


def test_what_nobody_sees_makes_no_list_anew(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    shown(database, settings, campaign, name="Union of Others")
    asked = waiting(database, settings, campaign)
    before = assert_true(database, campaign).revision
    change(database, asked, RED, name="Union of Changes", members=7)
    wordings = {"en": replace(factories.WORDING, title="Free him")}
    other = factories.make_campaign(database, wordings=wordings).statements["en"].id
    with database.writing() as session:
        own.renew(session, link(asked), other, utc_now())
    assert row(database, asked).statement_id == other
    assert assert_true(database, campaign).revision == before


def test_an_organisation_changes_so_often_a_day_and_no_more(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "MOST_TURNS", 3)
    asked, other = (shown(database, settings, campaign, name=name) for name in ("Union A", "Union B"))
    for number in range(3):
        change(database, asked, members=number + 1)
    told = logged(database)
    refused: list[Callable[[Session], Any]] = [
        lambda session: own.change(session, link(asked), own.Change(asked.entry), utc_now()),
        lambda session: own.answer(session, link(asked), "We.", utc_now()),
        lambda session: own.correct_contact(session, link(asked), dora(settings), utc_now()),
        lambda session: own.new_link(session, link(asked), utc_now()),
    ]
    for do in refused:
        with database.writing() as session, pytest.raises(TooOften):
            do(session)
    assert (row(database, asked).members, logged(database)) == (3, told)
    change(database, other, members=3)
    assert row(database, other).members == 3
    with database.writing() as session:
        own.withdraw(session, link(asked), utc_now())  # always
    assert find(database, asked) is None


# Answers, wordings, links


def test_an_answer_is_kept_and_waits_for_a_lead(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = waiting(database, settings, campaign)
    judge(database, asked, Decision.ASK, message="Who?")
    assert row(database, asked).state == ASKED
    with database.writing() as session:
        own.answer(session, link(asked), "We.", utc_now())
    assert (row(database, asked).state, row(database, asked).answer) == (WAITING, "We.")
    assert logged(database)[-1] == ("organisation", "organisation.answered", {"organisation": 1})


def test_it_signs_the_present_wording_and_no_other(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign)
    factories.make_campaign(database, wordings={"en": replace(factories.WORDING, title="Free him")})
    elsewhere = factories.make_campaign(database, slug="other")
    with database.reading() as session:
        ids = session.scalars(select(Statement.id).where(Statement.campaign_id == campaign.id)).all()
    old, new = sorted(ids)
    assert old == asked.statement_id
    for wrong in (elsewhere.statements["en"].id, 4711):
        with database.writing() as session, pytest.raises(NotPossible):
            own.renew(session, link(asked), wrong, utc_now())
    before = assert_true(database, campaign).revision
    for _ in range(2):
        with database.writing() as session:
            own.renew(session, link(asked), new, utc_now())
    assert (row(database, asked).statement_id, row(database, asked).told_statement_id) == (new, new)
    assert assert_true(database, campaign).revision == before + 1
    with database.writing() as session, pytest.raises(NotPossible):
        own.renew(session, link(asked), old, utc_now())
    assert [entry[1] for entry in logged(database)].count("organisation.renewed") == 1


def test_a_new_link_makes_earlier_ones_worthless(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign)
    with database.writing() as session:
        own.new_link(session, link(asked), utc_now())
    assert mails(database)[-1] == ("organisation_link", asked.id)
    for do in (own.new_link, own.withdraw):
        with database.writing() as session, pytest.raises(LinkInvalid):
            do(session, link(asked), utc_now())
    with database.reading() as session, pytest.raises(LinkInvalid):
        own.find_own(session, link(asked))
    with database.reading() as session:
        assert own.find_own(session, link(asked, 1)).id == asked.id


# Another contact


def test_the_new_contact_speaks_for_it_once_they_press_the_button(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign)
    hand_over(database, asked, dora(settings))
    kept = row(database, asked)
    assert (kept.email, kept.contact_name) == (asked.contact.email, "Clara Contact")
    with database.reading() as session:
        assert own.find_handover(session, button(database, asked)).id == asked.id
        told = session.execute(
            select(Outbox.kind, Outbox.email_key, Outbox.due_at)
            .where(Outbox.kind.in_([own.CONTACT_MAIL, own.HANDOVER_MAIL]))
            .order_by(Outbox.priority, Outbox.due_at)
        ).all()
    # Whoever speaks for it now is told before anybody could take it away.
    assert [tuple(mail[:2]) for mail in told] == [
        ("organisation_handover", asked.contact.email_key),
        ("organisation_contact", dora(settings).email_key),
    ]
    pressed = button(database, asked)
    with database.writing() as session:
        own.take_over(session, pressed, utc_now())
    kept = row(database, asked)
    assert (kept.contact_name, kept.contact_role, kept.email, kept.phone, kept.next_contact) == (
        "Dora Next",
        "Chair",
        "dora@union.example.org",
        None,
        None,
    )
    assert (kept.email_key, kept.link_epoch, kept.domain_proven) == (dora(settings).email_key, 1, True)
    assert mails(database)[-1] == ("organisation_link", asked.id)
    for old in (link(asked), pressed):
        with database.writing() as session, pytest.raises(LinkInvalid):
            own.take_over(session, old, utc_now())
    with database.reading() as session, pytest.raises(LinkInvalid):
        own.find_own(session, link(asked))
    assert [entry[1] for entry in logged(database)][-2:] == [
        "organisation.contact_proposed",
        "organisation.contact_replaced",
    ]


def test_nobody_confirms_the_address_of_somebody_else(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """By a button to an address of one's own, for an address that one does not read: it would prove the domain."""
    asked = shown(database, settings, campaign, email="troll@mail.example.net")
    hand_over(database, asked, dora(settings, "other@mail.example.net"))
    mine = button(database, asked)
    hand_over(database, asked, dora(settings, "chair@union.example.org"))
    for wrong in (mine, link(asked), link(asked, 1)):
        with database.reading() as session, pytest.raises(LinkInvalid):
            own.find_handover(session, wrong)
        with database.writing() as session, pytest.raises(LinkInvalid):
            own.take_over(session, wrong, utc_now())
    kept = row(database, asked)
    assert (kept.email, kept.domain_proven) == ("troll@mail.example.net", False)


def test_a_new_link_undoes_what_a_thief_proposed(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign)
    hand_over(database, asked, dora(settings, "thief@mail.example.net"))
    stolen = button(database, asked)
    with database.writing() as session:
        own.new_link(session, link(asked), utc_now())
    with database.writing() as session, pytest.raises(LinkInvalid):
        own.take_over(session, stolen, utc_now())
    assert row(database, asked).email == asked.contact.email


def test_an_organisation_names_three_others_a_day_and_no_more(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """And the one who speaks for it hears of the first, however many mails they had."""
    asked, now = shown(database, settings, campaign), utc_now()
    use_up(database, asked, asked.contact.email_key)
    for number in range(own.MOST_HANDOVERS):
        hand_over(database, asked, dora(settings, f"dora{number}@union.example.org"), now)
    before = row(database, asked)
    with pytest.raises(TooOften):
        hand_over(database, asked, dora(settings), now + timedelta(hours=23))
    assert row(database, asked).next_contact == before.next_contact
    kinds = sent_kinds(database)
    assert (kinds.count("organisation_contact"), kinds.count("organisation_handover")) == (3, 1)
    hand_over(database, asked, dora(settings), now + timedelta(hours=25))
    assert row(database, asked).handovers == [int((now + timedelta(hours=25)).timestamp())]


@pytest.mark.parametrize("decision", [Decision.DECLINE, None])
def test_what_was_declined_or_merged_names_nobody(
    database: Database, settings: Settings, campaign: CampaignSnapshot, decision: Decision | None
) -> None:
    asked = waiting(database, settings, campaign)
    if decision is not None:
        judge(database, asked, decision)
    else:
        set_columns(database, asked, state=MERGED, merged_into=1)
    with pytest.raises(NotPossible):
        hand_over(database, asked, dora(settings))
    assert row(database, asked).next_contact is None


def test_handing_over_says_nothing_about_an_address(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Whether it had enough mails already, or refused them: the mail alone is missing."""
    hushed, asked, stranger = (shown(database, settings, campaign) for _ in range(3))
    known, now = dora(settings), utc_now()
    with database.writing() as session:
        own.hand_over(session, link(hushed), known, now, mails=False)
    assert "organisation_contact" not in sent_kinds(database)
    use_up(database, asked, known.email_key)
    hand_over(database, asked, known, now)
    hand_over(database, stranger, dora(settings, "stranger@union.example.org"), now)
    proposed = [dict(row(database, one).next_contact or {}) for one in (hushed, asked, stranger)]
    for one in proposed:
        del one["email"], one["email_key"]
    assert proposed[0] == proposed[1] == proposed[2]
    kinds = sent_kinds(database)
    assert (kinds.count("organisation_contact"), kinds.count("organisation_handover")) == (1, 3)


def test_a_lead_looks_when_somebody_else_speaks_whose_address_proves_nothing(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    proven, lost, waits = (begin(database, settings, campaign) for begin in (shown, shown, waiting))
    hand_over(database, proven, dora(settings))
    for one in (lost, waits):
        hand_over(database, one, dora(settings, "dora@mail.example.net"))
    for one in (proven, lost, waits):
        pressed = button(database, one)
        with database.writing() as session:
            own.take_over(session, pressed, utc_now())
    assert [row(database, one).look for one in (proven, lost, waits)] == [None, BY_CONTACT, None]
    assert [row(database, one).domain_proven for one in (proven, lost, waits)] == [True, False, False]


def test_whoever_was_named_by_mistake_is_forgotten_when_they_say_so(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign)
    hand_over(database, asked, dora(settings))
    pressed = button(database, asked)
    with database.writing() as session:
        own.refuse_contact(session, pressed, utc_now())
    assert row(database, asked).next_contact is None
    assert logged(database)[-1] == ("organisation", "organisation.contact_refused", {"organisation": 1})
    for do in (own.refuse_contact, own.take_over):
        with database.writing() as session, pytest.raises(LinkInvalid):
            do(session, pressed, utc_now())


def test_taking_over_twice_at_once_is_done_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign)
    hand_over(database, asked, dora(settings))
    pressed = button(database, asked)

    def pressing() -> int:
        with database.writing() as session:
            return own.take_over(session, pressed, utc_now()).link_epoch

    results = race(pressing, pressing)
    assert sorted(map(str, results)) == ["1", "nobody was proposed"]
    assert row(database, asked).link_epoch == 1


def test_the_same_mailbox_under_another_name_needs_no_button(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign)
    sent = mails(database)
    with database.writing() as session:
        own.correct_contact(session, link(asked), dora(settings, asked.contact.email), utc_now())
    kept = row(database, asked)
    assert (kept.contact_name, kept.contact_role, kept.phone) == ("Dora Next", "Chair", None)
    assert (kept.email, kept.link_epoch, kept.next_contact) == (asked.contact.email, 0, None)
    assert mails(database) == sent
    assert logged(database)[-1] == ("organisation", "organisation.contact_corrected", {"organisation": 1})


# Withdrawing


def test_it_was_not_us_against_the_button_is_one_or_the_other(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    for turn in range(5):
        asked = ask(database, settings, campaign, members=2, name=f"Union {turn}", website=None)

        def refusing(asked: Request = asked) -> str:
            with database.writing() as session:
                own.refuse(session, link(asked), utc_now())
            return "refused"

        def pressing(asked: Request = asked) -> str:
            return press(database, asked).state

        results = [result if isinstance(result, str) else type(result) for result in race(refusing, pressing)]
        assert results in (["refused", LinkInvalid], [LinkInvalid, WAITING])
        assert (find(database, asked) is None) == (results[0] == "refused")
        assert assert_true(database, campaign).withdrawn == 0


def test_withdrawing_erases_all_of_it_and_keeps_how_many_did(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign, members=30, logo=RED)
    assert change(database, asked, BLUE, members=30)
    with database.writing() as session:
        own.withdraw(session, link(asked), utc_now() + timedelta(hours=1))
    assert (find(database, asked), logos(database)) == (None, set())
    standing = assert_true(database, campaign)
    assert (standing.counted, standing.members, standing.withdrawn) == (0, 0, 1)
    assert logged(database)[-1] == ("organisation", "organisation.withdrawn", {"organisation": 1})


def test_withdrawing_what_nobody_saw_is_counted_nowhere(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = waiting(database, settings, campaign)
    with database.writing() as session:
        own.withdraw(session, link(asked), utc_now())
    assert assert_true(database, campaign).withdrawn == 0


def test_withdrawing_twice_at_once_lowers_the_count_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    shown(database, settings, campaign, members=1)
    asked = shown(database, settings, campaign, members=30)

    def withdrawing() -> None:
        with database.writing() as session:
            own.withdraw(session, link(asked), utc_now())

    results = race(withdrawing, withdrawing)
    assert sorted(type(result).__name__ for result in results) == ["LinkInvalid", "NoneType"]
    standing = assert_true(database, campaign)
    assert (standing.counted, standing.members, standing.withdrawn) == (1, 1, 1)


def test_two_changes_at_once_are_one_after_the_other(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign, members=30)
    for _ in range(4):
        race(
            lambda: change(database, asked, RED, members=10),
            lambda: change(database, asked, BLUE, members=20),
        )
        standing = assert_true(database, campaign)
        assert standing.members in (10, 20)
        assert logos(database) == ({b"red"} if standing.members == 10 else {b"blue"})


def test_a_link_to_one_without_an_address_is_dead(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Of one that came from a file, or after the purge."""
    asked = ask(database, settings, campaign)
    set_columns(database, asked, email=None, email_key=None)
    with database.reading() as session, pytest.raises(LinkInvalid):
        own.find_own(session, link(asked))
