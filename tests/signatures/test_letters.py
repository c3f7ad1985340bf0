"""The letters to signers: to whom, about what, with which links, and when there is none."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select, update

from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import LinkInvalid
from petitions.ids import new_id
from petitions.mail.composing import compose
from petitions.mail.letters import Letter
from petitions.mail.models import Outbox
from petitions.mail.outbox import ClaimedMail
from petitions.settings import Settings
from petitions.signatures.drafting import NewDraft
from petitions.signatures.letters import CONFIRM_PURPOSE, SignerLetters, describe
from petitions.signatures.models import Draft, Signature
from petitions.signatures.own import OWN_PURPOSE, UNSUBSCRIBE_PURPOSE, Done, find_own
from petitions.signatures.relinking import NewLink
from petitions.tokens import Named, Tokens
from tests.factories import act, confirm, link_to, make_campaign, remove, sign, sign_and_confirm
from tests.mail.support import make_settings

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ABOUT_DRAFTS = ("confirm", "remind")
ABOUT_SIGNATURES = ("already_signed", "own_link")
LOCAL = "https://petitions.example.org"


def letters_of(settings: Settings) -> SignerLetters:
    return SignerLetters(LOCAL, Tokens(settings.secret_keys))


def mail_about(draft: NewDraft, kind: str, language: str = "en") -> ClaimedMail:
    return ClaimedMail(new_id(), kind, draft.campaign_id, draft.id, language, 1)


def build(database: Database, settings: Settings, *mails: ClaimedMail) -> list[Letter | None]:
    """The letter of each mail, or None; all of one kind."""
    (kind,) = {mail.kind for mail in mails}
    with database.reading() as session:
        built = letters_of(settings).builders()[kind](session, mails)
    assert set(built) <= {mail.id for mail in mails}
    return [built.get(mail.id) for mail in mails]


def letter_about(
    database: Database, settings: Settings, draft: NewDraft, kind: str, language: str = "en"
) -> Letter:
    (letter,) = build(database, settings, mail_about(draft, kind, language))
    assert letter is not None
    return letter


def named_in(settings: Settings, url: str, purpose: str, before: str, after: str = "") -> tuple[Named, str]:
    """What the token of a link names, and the language that it asks for."""
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" == LOCAL
    assert parts.path.startswith(before)
    assert parts.path.endswith(after)
    token = parts.path.removeprefix(before).removesuffix(after)
    (language,) = parse_qs(parts.query, strict_parsing=True)["lang"]
    return Tokens(settings.secret_keys).read(purpose, token, utc_now()), language


def own_link(settings: Settings, letter: Letter, path: str = "/signature/") -> tuple[Named, str]:
    return named_in(settings, letter.context["own_url"], OWN_PURPOSE, path)


def test_there_is_a_builder_for_every_kind_that_is_queued(settings: Settings) -> None:
    assert set(letters_of(settings).builders()) == {"confirm", "remind", "already_signed", "own_link"}


@pytest.mark.parametrize("kind", ABOUT_DRAFTS)
def test_the_letter_to_confirm_has_its_three_links(
    database: Database, settings: Settings, campaign: CampaignSnapshot, kind: str
) -> None:
    draft = sign(database, settings, campaign)
    letter = letter_about(database, settings, draft, kind, "es")
    named = (Named(campaign.id, draft.id), "es")
    assert named_in(settings, letter.context["confirm_url"], CONFIRM_PURPOSE, "/confirm/") == named
    assert named_in(settings, letter.context["not_me_url"], CONFIRM_PURPOSE, "/confirm/", "/not-me") == named
    assert own_link(settings, letter) == named
    assert (letter.recipient, letter.message, letter.language) == (draft.email, kind, "es")
    assert letter.unsubscribe_url is None  # it is no mail about updates


def test_the_own_link_of_the_letter_to_confirm_works_once_it_is_confirmed(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """A draft keeps its id; a new link makes this one worthless, too."""
    draft = sign(database, settings, campaign, arrived_at=NOON)
    link, _ = own_link(settings, letter_about(database, settings, draft, "confirm"))
    with database.reading() as session, pytest.raises(LinkInvalid):
        find_own(session, link, {})
    confirm(database, draft)
    with database.reading() as session:
        assert find_own(session, link, {}).signature.id == draft.id
    assert act(database, NewLink(link, NOON)) == [Done.DONE]
    with database.reading() as session, pytest.raises(LinkInvalid):
        find_own(session, link, {})


@pytest.mark.parametrize("kind", ABOUT_SIGNATURES)
def test_letters_about_signatures_have_the_link_that_works_now(
    database: Database, settings: Settings, campaign: CampaignSnapshot, kind: str
) -> None:
    draft = sign_and_confirm(database, settings, campaign, arrived_at=NOON)
    for epoch in range(3):
        letter = letter_about(database, settings, draft, kind, "ar")
        link, language = own_link(settings, letter)
        assert (link, language) == (link_to(draft, epoch), "ar")
        with database.reading() as session:
            assert find_own(session, link, {}).signature.email == letter.recipient == draft.email
        assert act(database, NewLink(link, NOON + timedelta(hours=epoch))) == [Done.DONE]
        assert "not_me_url" not in letter.context
        assert "confirm_url" not in letter.context


@pytest.mark.parametrize("kind", ABOUT_SIGNATURES)
def test_a_sealed_address_gets_no_letter(
    database: Database, settings: Settings, campaign: CampaignSnapshot, kind: str
) -> None:
    """And nobody else misses theirs because of it."""
    drafts = [sign_and_confirm(database, settings, campaign) for _ in range(3)]
    with database.writing() as session:
        session.execute(update(Signature).where(Signature.id == drafts[1].id).values(email=None))
    letters = build(database, settings, *(mail_about(draft, kind) for draft in drafts))
    assert letters[1] is None
    assert [letter.recipient for letter in letters if letter] == [drafts[0].email, drafts[2].email]


@pytest.mark.parametrize("kind", [*ABOUT_DRAFTS, *ABOUT_SIGNATURES])
def test_what_is_gone_gets_no_letter(
    database: Database, settings: Settings, campaign: CampaignSnapshot, kind: str
) -> None:
    other = make_campaign(database, slug="other")
    make = sign if kind in ABOUT_DRAFTS else sign_and_confirm
    draft = make(database, settings, campaign)
    mails = [
        mail_about(draft, kind),
        ClaimedMail(new_id(), kind, campaign.id, new_id(), "en", 1),
        ClaimedMail(new_id(), kind, other.id, new_id(), "en", 1),
    ]
    assert [letter is not None for letter in build(database, settings, *mails)] == [True, False, False]
    with database.writing() as session:
        session.execute(update(Campaign).where(Campaign.id == campaign.id).values(published_at=None))
    assert build(database, settings, *mails) == [None, None, None]


def test_no_letter_to_confirm_for_a_held_draft_or_a_signature(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    held = sign(database, settings, campaign, trapped=True)
    signed = sign_and_confirm(database, settings, campaign)
    waiting = sign(database, settings, campaign)
    letters = build(database, settings, *(mail_about(draft, "confirm") for draft in (held, signed, waiting)))
    assert [letter is not None for letter in letters] == [False, False, True]


def test_no_letter_to_confirm_once_the_data_of_the_campaign_are_being_erased(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign(database, settings, campaign)
    with database.writing() as session:
        session.execute(update(Campaign).values(purge_began_at=utc_now()))
    assert build(database, settings, mail_about(draft, "confirm")) == [None]


def test_a_removed_signature_still_has_its_own_link(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """What is stored of somebody, they may see and erase."""
    draft = sign_and_confirm(database, settings, campaign)
    remove(database, draft)
    letter = letter_about(database, settings, draft, "own_link")
    assert own_link(settings, letter) == (link_to(draft), "en")


def test_the_link_that_stops_mails_names_the_signature_in_every_epoch(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign_and_confirm(database, settings, campaign)
    with database.writing() as session:
        signature = session.scalars(select(Signature)).one()
        signature.link_epoch = 4
    url = letters_of(settings).unsubscribe_url(signature, "ga")
    assert named_in(settings, url, UNSUBSCRIBE_PURPOSE, "/unsubscribe/") == (link_to(draft), "ga")


def texts(letter: Letter) -> tuple[str, str]:
    """The two parts of the mail, as they would be sent."""
    message = compose(new_id(), letter, make_settings(), NOON)
    plain, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert html is not None
    return str(plain.get_content()), str(html.get_content()).replace("&amp;", "&")


@pytest.mark.parametrize("neutral", [False, True], ids=["open", "neutral"])
@pytest.mark.parametrize("kind", [*ABOUT_DRAFTS, *ABOUT_SIGNATURES])
def test_the_mail_holds_every_link_and_nothing_that_a_neutral_one_must_not(
    database: Database, settings: Settings, kind: str, neutral: bool
) -> None:
    terms: dict[str, Any] = {"mail": {"subject": "Please confirm", "sender_name": "Post"}} if neutral else {}
    campaign = make_campaign(database, slug="quiet", **terms)
    draft = (sign if kind in ABOUT_DRAFTS else sign_and_confirm)(database, settings, campaign, name="Ana Geheim")
    letter = letter_about(database, settings, draft, kind)
    assert own_link(settings, letter, "/entry/" if neutral else "/signature/") == (link_to(draft), "en")
    urls = [value for name, value in letter.context.items() if name in ("confirm_url", "not_me_url", "own_url")]
    assert len(urls) == (3 if kind in ABOUT_DRAFTS else 1)
    for text in texts(letter):
        for url in urls:
            assert url in text
        assert ("Free Boris" in text) is not neutral
        if neutral:
            words = text.replace("petitions.example.org", "").lower()  # the operator chose that name
            for forbidden in ("campaign", "statement", "signature", "political", "petition"):
                assert forbidden not in words, forbidden
        if kind == "own_link":
            assert "Geheim" not in text  # who typed the address need not be who reads the mail
    assert letter.subject == ("Please confirm" if neutral else None)


def test_everything_that_was_typed_is_said_to_its_signer(database: Database, settings: Settings) -> None:
    campaign = make_campaign(
        database,
        slug="asking",
        affiliation={"label": "Campus"},
        questions=[{"key": "union", "label": "Union local"}],
    )
    draft = sign(
        database, settings, campaign, affiliation="UE", comment="With you.", answers={"union": "506"}, updates=True
    )
    letter = letter_about(database, settings, draft, "confirm")
    with database.reading() as session:
        row = session.get_one(Draft, (campaign.id, draft.id))
        lines = describe(row, campaign, "en")
    assert letter.context["lines"] == lines
    assert lines[:-1] == [
        ("Name", "Ana Sánchez"),
        ("Mail address", draft.email),
        ("Country", "Spain"),
        ("City", "Madrid"),
        ("Campus", "UE"),
        ("Union local", "506"),
        ("A few words of your own", "With you."),
    ]
    assert lines[-1][0] == "Who may see your name?"


def test_letters_of_several_campaigns_are_built_together(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="other", languages=("es",))
    drafts = [sign(database, settings, where) for where in (campaign, other, campaign)]
    letters = build(database, settings, *(mail_about(draft, "confirm", "es") for draft in drafts))
    assert [letter.context["campaign_url"] if letter else None for letter in letters] == [
        f"{LOCAL}/c/{slug}?lang=es" for slug in ("free-boris", "other", "free-boris")
    ]
    with database.reading() as session:
        assert len(session.scalars(select(Outbox.id)).all()) == 3


@pytest.mark.parametrize("neutral", [False, True])
def test_a_reminder_says_that_it_is_one_and_the_only_one(
    database: Database, settings: Settings, neutral: bool
) -> None:
    terms: dict[str, Any] = {"mail": {"subject": "Please confirm", "sender_name": "Post"}} if neutral else {}
    campaign = make_campaign(database, slug="quiet", **terms)
    draft = sign(database, settings, campaign)
    waits = "it is not confirmed yet" if neutral else "your signature does not count yet"
    for kind in ABOUT_DRAFTS:
        letter = letter_about(database, settings, draft, kind)
        for text in (" ".join(each.split()) for each in texts(letter)):
            assert (waits in text) is (kind == "remind")
            assert ("We remind you this once." in text) is (kind == "remind")
