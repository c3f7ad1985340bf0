"""The letters to organisations: to whom, about what, with which links, and when there is none."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import update

from petitions.addresses import make_email_key
from petitions.campaigns.editing import load_copy, save_copy
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.i18n import LANGUAGES
from petitions.ids import new_id
from petitions.mail.composing import compose
from petitions.mail.letters import Letter
from petitions.mail.outbox import ClaimedMail
from petitions.organisations import own
from petitions.organisations.confirming import CONFIRM_PURPOSE, CONTACT_PURPOSE, OWN_PURPOSE
from petitions.organisations.deciding import Decision
from petitions.organisations.letters import OrganisationLetters
from petitions.organisations.models import MERGED
from petitions.organisations.requesting import Contact, Request
from petitions.settings import Settings
from petitions.signatures.publishing import publish
from petitions.tokens import Named, Tokens
from petitions.worker import CHORES
from tests import factories
from tests.organisations.acting import ask, judge, key_of, link, press, row, set_columns, shown, waiting

SITE = "https://petitions.example.org"
NOTE = "Planted note of leads"
NEUTRAL: dict[str, Any] = {"mail": {"subject": "Your registration", "sender_name": "Office"}}
KINDS = (
    *("confirm", "link", "approved", "declined", "kept", "asked", "renewal", "merged", "contact", "handover"),
    "reminder",
)


def letters_of(settings: Settings) -> OrganisationLetters:
    return OrganisationLetters(SITE, Tokens(settings.secret_keys))


def build(
    database: Database, settings: Settings, asked: Request, kind: str, language: str = "en"
) -> Letter | None:
    key = key_of(database, asked, kind)
    mail = ClaimedMail(new_id(), f"organisation_{kind}", asked.campaign_id, asked.id, language, 1, key)
    with database.reading() as session:
        return letters_of(settings).builders()[mail.kind](session, [mail]).get(mail.id)


def letter(database: Database, settings: Settings, asked: Request, kind: str, language: str = "en") -> Letter:
    built = build(database, settings, asked, kind, language)
    assert built is not None
    return built


def texts(message: EmailMessage) -> tuple[str, str]:
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return str(plain.get_content()), str(html.get_content())


def read(
    database: Database, settings: Settings, asked: Request, kind: str, language: str = "en"
) -> tuple[str, str]:
    """Subject and text of a letter; the HTML holds every link of the text."""
    built = letter(database, settings, asked, kind, language)
    message = compose(new_id(), built, replace(settings, base_url=SITE), utc_now())
    text, html = texts(message)
    for url in re.findall(rf"{SITE}\S*", text):
        assert f'href="{url}"' in html.replace("&amp;", "&")
    assert NOTE not in text + html
    return str(make_header(decode_header(str(message["Subject"])))), text


def token_in(settings: Settings, text: str, path: str, purpose: str) -> Named:
    """What the token of the only link of this sort names."""
    (token,) = set(re.findall(rf"{SITE}{path}/([^/?\s]+)\?lang=\w\w", text))
    return Tokens(settings.secret_keys).read(purpose, token, utc_now())


def propose(database: Database, settings: Settings, asked: Request, email: str = "dora@union.example.org") -> None:
    contact = Contact("Dora Next", "Chair", email, make_email_key(email, settings.email_key), "+1 555")
    with database.writing() as session:
        own.hand_over(session, link(asked), contact, utc_now())


def reworded(database: Database, campaign: CampaignSnapshot, **changes: Any) -> CampaignSnapshot:
    wording = replace(factories.WORDING, title="Free him", summary="He is in prison.")
    return factories.make_campaign(database, slug=campaign.slug, wordings={"en": wording}, **changes)


@pytest.fixture
def make(database: Database, settings: Settings) -> Callable[..., Request]:
    """An organisation about which a letter of a kind is due."""

    def make(campaign: CampaignSnapshot, kind: str, **changes: Any) -> Request:
        if kind in ("confirm", "reminder"):
            return ask(database, settings, campaign, **changes)
        if kind in ("asked", "declined", "merged"):
            asked = waiting(database, settings, campaign, **changes)
        else:
            asked = shown(database, settings, campaign, **changes)
        if kind in ("asked", "declined"):
            decision = Decision.ASK if kind == "asked" else Decision.DECLINE
            judge(database, asked, decision, message="Planted question?", note=NOTE)
        elif kind == "merged":
            set_columns(database, asked, state=MERGED, merged_into=4711)
        elif kind == "kept":
            set_columns(database, asked, proposed={"name": "Other"})
            judge(database, asked, Decision.KEEP, message="Planted question?", note=NOTE)
        elif kind in ("contact", "handover"):
            propose(database, settings, asked)
        elif kind == "renewal":
            reworded(database, campaign)
        return asked

    return make


Make = Callable[..., Request]


def test_there_is_a_builder_for_each_kind_and_the_worker_knows_them(settings: Settings) -> None:
    assert set(letters_of(settings).builders()) == {f"organisation_{kind}" for kind in KINDS}
    assert {"ask_for_renewals", "drop_expired_requests"} <= {chore.name for chore in CHORES}


def test_the_first_mail_has_its_button_and_says_who_asked(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """The rest is on the page behind the link, so that nobody confirms what they have not seen."""
    asked = ask(database, settings, campaign, members=48_000, comment="With you.", note=NOTE)
    subject, text = read(database, settings, asked, "confirm")
    assert subject == "Please confirm for your organisation: Free Boris"
    assert token_in(settings, text, "/organisation/confirm", CONFIRM_PURPOSE) == link(asked)
    assert "/organisation/confirm/" in text
    assert text.count("#not-us") == 1
    for said in (
        "Union of Examples",
        "Union\n",
        "Cork, Ireland",
        "48,000",
    ):
        assert said in text
    for said in ("Clara Contact", "Secretary", asked.contact.email, "+353 21 000"):
        assert said in text
    assert letter(database, settings, asked, "confirm").recipient == asked.contact.email
    assert f"{SITE}/organisation/" not in text.replace(f"{SITE}/organisation/confirm/", "")


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_written_in_every_language(
    database: Database, settings: Settings, campaign: CampaignSnapshot, make: Make, kind: str
) -> None:
    asked = make(campaign, kind)
    for language in LANGUAGES:
        subject, text = read(database, settings, asked, kind, language)
        assert 8 < len(subject) < 100
        assert f"?lang={language}" in text
        assert asked.entry.name in text
        assert "planted@" not in text


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("confirm", "reminder", "contact")])
def test_every_letter_to_the_contact_has_the_link_that_works_now(
    database: Database, settings: Settings, campaign: CampaignSnapshot, make: Make, kind: str
) -> None:
    asked = make(campaign, kind)
    set_columns(database, asked, link_epoch=3)
    _, text = read(database, settings, asked, kind)
    assert token_in(settings, text, "/organisation", OWN_PURPOSE) == link(asked, 3)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", KINDS)
def test_a_neutral_letter_does_not_say_what_it_is_about(
    database: Database, settings: Settings, make: Make, kind: str
) -> None:
    """No name of anybody, no title, no question; the link leads there."""
    campaign = factories.make_campaign(database, **NEUTRAL)
    asked = make(campaign, kind, comment="Planted words.")
    if kind == "renewal":
        reworded(database, campaign, **NEUTRAL)
    built = letter(database, settings, asked, kind)
    assert (built.subject, built.sender_name) == ("Your registration", "Office")
    message = compose(new_id(), built, replace(settings, base_url=SITE), utc_now())
    everything = " ".join(texts(message))
    own_words = (
        "Boris",
        "Free",
        "Union of",
        "Planted",
        "Clara",
        "Dora",
        "Committee",
        "organisation ",
        "statement",
    )
    assert [word for word in own_words if word in everything] == []
    assert f"{SITE}/organisation/" in everything
    assert f"{SITE}/c/" not in everything


@pytest.mark.parametrize("kind", KINDS)
def test_no_letter_is_about_what_is_gone_or_purged_or_has_no_address(
    database: Database, settings: Settings, campaign: CampaignSnapshot, make: Make, kind: str
) -> None:
    asked = make(campaign, kind)
    assert build(database, settings, replace(asked, id=new_id()), kind) is None
    assert build(database, settings, replace(asked, campaign_id=4711), kind) is None
    with database.writing() as session:
        session.execute(update(Campaign).values(purge_began_at=utc_now()))
    assert build(database, settings, asked, kind) is None
    with database.writing() as session:
        session.execute(update(Campaign).values(purge_began_at=None))
    assert build(database, settings, asked, kind) is not None
    set_columns(database, asked, email=None)
    assert build(database, settings, asked, kind) is None


def test_no_letter_is_about_what_has_changed_since(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    def due(asked: Request) -> set[str]:
        return {kind for kind in KINDS if build(database, settings, asked, kind) is not None}

    asked = ask(database, settings, campaign)
    assert due(asked) == {"confirm", "reminder"}
    press(database, asked)
    assert due(asked) == {"link"}
    judge(database, asked, Decision.ASK, message="Who?")
    assert due(asked) == {"link", "asked", "reminder"}
    with database.writing() as session:
        own.answer(session, link(asked), "We.", utc_now())
    assert due(asked) == {"link"}
    judge(database, asked, Decision.APPROVE)
    assert due(asked) == {"link", "approved", "kept"}
    propose(database, settings, asked)
    new = reworded(database, campaign)
    assert due(asked) == {"link", "approved", "kept", "contact", "handover", "renewal"}
    with database.writing() as session:
        own.renew(session, link(asked), new.statements["en"].id, utc_now())
        own.new_link(session, link(asked), utc_now())
    assert due(asked) == {"link", "approved", "kept"}
    judge(database, asked, Decision.DECLINE)
    assert due(asked) == {"link", "declined"}
    set_columns(database, asked, state=MERGED)
    assert due(asked) == {"link", "merged"}


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("link", "It is shown among the organisations that sign."),
        ("approved", f"{SITE}/c/free-boris/organisations?lang=en"),
        ("approved", "Union of Examples"),
        ("declined", "Planted question?"),
        ("kept", "Planted question?"),
        ("asked", "Planted question?"),
        ("merged", "another request"),
        ("handover", "Dora Next (dora@union.example.org)"),
        ("renewal", f"{SITE}/c/free-boris/versions?lang=en"),
    ],
)
def test_what_a_letter_says(
    database: Database, settings: Settings, campaign: CampaignSnapshot, make: Make, kind: str, said: str
) -> None:
    assert said in read(database, settings, make(campaign, kind), kind)[1]


def test_the_link_mail_says_how_far_it_is(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = waiting(database, settings, campaign)
    said: Mapping[str, str] = {
        "waiting": "The request is confirmed.",
        "asked": "waits for your answer",
        "declined": "does not show it",
        "merged": "It is one with another entry",
    }
    for state, words in said.items():
        set_columns(database, asked, state=state, question="Who?" if state == "asked" else None)
        assert words in read(database, settings, asked, "link")[1]


def test_a_merged_one_is_told_of_the_other_only_what_everybody_sees(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    kept = waiting(database, settings, campaign, name="Union of Secrets")
    asked = waiting(database, settings, campaign)
    set_columns(database, asked, state=MERGED, merged_into=1)
    assert "Secrets" not in read(database, settings, asked, "merged")[1]
    judge(database, kept, Decision.APPROVE)
    assert "Union of Secrets" in read(database, settings, asked, "merged")[1]


def test_a_renewal_holds_both_wordings_and_what_the_campaign_says_of_them(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign)
    now = utc_now()
    with database.writing() as session:
        copy = load_copy(session, campaign.id)
        words = replace(copy.content.texts["en"], title="Free him", summary="He is in prison.")
        content = replace(copy.content, texts={"en": words})
        number = save_copy(session, campaign.id, copy.number, content, "Lena", now)
        publish(session, campaign.id, number, "Lena", now, {"en": "He was moved to a prison."})
    with database.reading() as session:
        assert get_snapshot(session, campaign.slug).statements["en"].version == 2
    _, text = read(database, settings, asked, "renewal")
    for said in (
        "Free Boris",
        "A sociologist is arrested.",
        "Free him",
        "He is in prison.",
        "He was moved to a prison.",
    ):
        assert said in text
    assert token_in(settings, text, "/organisation", OWN_PURPOSE) == link(asked)


def test_the_button_for_the_new_contact_is_theirs_alone(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """It goes to their address, names that very proposal, and holds no link of the organisation's own."""
    asked = shown(database, settings, campaign)
    propose(database, settings, asked)
    built = letter(database, settings, asked, "contact")
    assert (built.recipient, built.language) == ("dora@union.example.org", "en")
    subject, text = read(database, settings, asked, "contact")
    assert subject == "You are to speak for an organisation: Free Boris"
    following = row(database, asked).next_contact
    assert following is not None
    named = token_in(settings, text, "/organisation/contact", CONTACT_PURPOSE)
    assert named == link(asked, following["key"])
    assert "Clara" not in text
    assert not re.findall(rf"{SITE}/organisation/(?!contact/)", text)
    with database.writing() as session:
        assert own.take_over(session, named, utc_now()).contact_name == "Dora Next"
    assert letter(database, settings, asked, "link").recipient == "dora@union.example.org"


def test_a_mail_to_somebody_proposed_before_goes_to_nobody(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Nor to who was proposed since: else many mails to nobody would all reach one who wants none."""
    asked = shown(database, settings, campaign)
    propose(database, settings, asked, "first@union.example.org")
    before = key_of(database, asked, "contact")
    propose(database, settings, asked, "second@union.example.org")
    mails = [
        ClaimedMail(new_id(), "organisation_contact", asked.campaign_id, asked.id, "en", 1, key)
        for key in (before, key_of(database, asked, "contact"))
    ]
    with database.reading() as session:
        built = letters_of(settings).builders()["organisation_contact"](session, mails)
    assert {key: one.recipient for key, one in built.items()} == {mails[1].id: "second@union.example.org"}


def test_a_reminder_says_what_it_reminds_of(
    database: Database, settings: Settings, campaign: CampaignSnapshot, make: Make
) -> None:
    subject, text = read(database, settings, make(campaign, "confirm"), "reminder")
    assert subject == "Your organisation’s request is not confirmed yet: Free Boris"
    assert "/organisation/confirm/" in text
    subject, text = read(database, settings, make(campaign, "asked"), "reminder")
    assert subject == "We wait for your answer: Free Boris"
    assert "Planted question?" in text


def test_answers_go_to_the_campaign(database: Database, settings: Settings) -> None:
    campaign = factories.make_campaign(database, reply_to="office@campaign.example.org")
    asked = waiting(database, settings, campaign)
    assert letter(database, settings, asked, "link").reply_to == "office@campaign.example.org"
