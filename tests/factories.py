"""Makers of what tests need: campaigns, forms, drafts, signatures. The cast: Ana signs, Boris is signed for,
Charlie is a stranger."""

import itertools
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from petitions.addresses import make_email_key
from petitions.campaigns.files import CampaignFiles, Wording
from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.campaigns.reading import read_terms
from petitions.clock import utc_now
from petitions.db import Database
from petitions.ids import new_id
from petitions.moderation.removing import remove_signatures
from petitions.organisations.counting import lock, show
from petitions.organisations.requesting import Contact, Entry, Request
from petitions.organisations.requesting import add as add_organisation
from petitions.organisations.websites import check_website
from petitions.settings import Settings
from petitions.signatures.changing import Change, Said
from petitions.signatures.confirming import Confirmation, Outcome, store_confirmations
from petitions.signatures.drafting import NewDraft, store_drafts
from petitions.signatures.importing import import_files
from petitions.signatures.own import Action, Done, store_actions
from petitions.tokens import Named

_numbers = itertools.count(1)

WORDING = Wording(
    title="Free Boris",
    summary="A sociologist is arrested.",
    body="He spoke **freely**.\n\nWe answer.",
    demands=("His release.", "The dropping of all charges."),
)
TERMS: Mapping[str, Any] = {
    "responsible": {"name": "Example Committee", "email": "privacy@example.org"},
    "addressees": [{"name": "The embassies"}],
    "goal_steps": [10, 100],
    "retention": {},  # the usual one
}


def campaign_files(
    slug: str = "free-boris", languages: tuple[str, ...] = ("en",), **changes: Any
) -> CampaignFiles:
    """A campaign as it is read from files. `changes`: terms by their keys in campaign.toml, and opens_at,
    closes_at, wordings."""
    wordings = changes.pop("wordings", dict.fromkeys(languages, WORDING))
    moments = {key: changes.pop(key, None) for key in ("opens_at", "closes_at")}
    terms = read_terms({**TERMS, **changes}, sorted(wordings))
    return CampaignFiles(slug, next(iter(wordings)), moments["opens_at"], moments["closes_at"], terms, wordings)


def make_campaign(database: Database, now: datetime | None = None, **changes: Any) -> CampaignSnapshot:
    """A published campaign in the store."""
    files = campaign_files(**changes)
    with database.writing() as session:
        import_files(session, files, now or utc_now())
    with database.reading() as session:
        return get_snapshot(session, files.slug)


def make_draft(campaign: CampaignSnapshot, settings: Settings, **changes: Any) -> NewDraft:
    """A form that Ana filled in; a fresh address for each, unless one is given."""
    email = changes.pop("email", f"ana{next(_numbers)}@example.org")
    draft = NewDraft(
        id=new_id(),
        campaign_id=campaign.id,
        statement_id=campaign.statements[campaign.default_language].id,
        email=email,
        email_key=make_email_key(email, settings.email_key),
        name="Ana Sánchez",
        country="ES",
        city="Madrid",
        affiliation=None,
        comment=None,
        answers=None,
        visibility="public",
        updates=False,
        language="en",
        consent_version=1,
        arrived_at=utc_now(),
        network=None,
        trapped=False,
    )
    return replace(draft, **changes)


def sign(database: Database, settings: Settings, campaign: CampaignSnapshot, **changes: Any) -> NewDraft:
    """A draft of Ana's in the store."""
    draft = make_draft(campaign, settings, **changes)
    with database.writing() as session:
        store_drafts(session, [draft], settings.sign_rate, settings.domain_credit)
    return draft


def confirm(database: Database, draft: NewDraft, after: timedelta = timedelta(minutes=1)) -> Outcome:
    """Press the button of a draft."""
    confirmation = Confirmation(draft.campaign_id, draft.id, draft.arrived_at + after)
    with database.writing() as session:
        return store_confirmations(session, [confirmation])[0]


def sign_and_confirm(
    database: Database, settings: Settings, campaign: CampaignSnapshot, **changes: Any
) -> NewDraft:
    """A signature of Ana's that counts."""
    draft = sign(database, settings, campaign, **changes)
    assert confirm(database, draft) is Outcome.COUNTED
    return draft


def link_to(draft: NewDraft, epoch: int = 0) -> Named:
    """What the token of a signature's own page names; a draft keeps its id when it is confirmed."""
    return Named(draft.campaign_id, draft.id, epoch)


def said(draft: NewDraft, **changes: Any) -> Said:
    """What the form of the own page says: what was signed, but for the `changes`."""
    return replace(Said(**{field.name: getattr(draft, field.name) for field in fields(Said)}), **changes)


def change(draft: NewDraft, epoch: int = 0, wording: str = "Write to me", **changes: Any) -> Change:
    """The form of the own page sent, an hour after the signing; `changes` of Said, or `arrived_at`."""
    arrived_at = changes.pop("arrived_at", draft.arrived_at + timedelta(hours=1))
    return Change(link_to(draft, epoch), said(draft, **changes), wording, arrived_at)


def act(database: Database, *actions: Action) -> list[Done]:
    """What signers do with their own signatures, in one transaction."""
    with database.writing() as session:
        return store_actions(session, actions)


def remove(database: Database, draft: NewDraft) -> None:
    """Take a signature off the list, as a campaign's lead does: its row stays and does not count."""
    with database.writing() as session:
        assert len(remove_signatures(session, draft.campaign_id, [draft.id], "fake", utc_now())) == 1


def form(**changes: str) -> dict[str, str]:
    """The fields of a form that is right."""
    fields = {
        "name": "Ana Sánchez",
        "email": f"ana{next(_numbers)}@example.org",
        "country": "ES",
        "city": "Madrid",
        "visibility": "public",
    }
    return fields | changes


TOML = """
slug = "free-boris"
default_language = "en"
goal_steps = [10, 100]

[responsible]
name = "Example Committee"
email = "privacy@example.org"

[[addressees]]
name = "The embassies"
"""
MARKDOWN = """# Free Boris

> A sociologist is arrested.

He spoke **freely**.

<!-- demands -->

1. His release.
2. The dropping of all charges.
"""


def write_campaign(folder: Path, toml: str = TOML, **texts: str) -> Path:
    """A campaign's folder on disk; `texts` by language, English as above without any."""
    folder.mkdir(exist_ok=True)
    (folder / "campaign.toml").write_text(toml, encoding="utf-8")
    for language, text in (texts or {"en": MARKDOWN}).items():
        (folder / f"{language}.md").write_text(text, encoding="utf-8")
    return folder


def organisation_entry(**changes: Any) -> Entry:
    """What an organisation says of itself in public."""
    website = changes.pop("website", "https://union.example.org")
    entry = Entry(
        name="Union of Examples",
        kind="union",
        country="IE",
        city="Cork",
        website=check_website(website) if website else None,
        members=None,
        comment=None,
    )
    return replace(entry, **changes)


def organisation_request(campaign: CampaignSnapshot, settings: Settings, **changes: Any) -> Request:
    """A request to co-sign, by Clara of the union. `changes`: of the entry, of the contact, or of the request."""
    email = changes.pop("email", f"office{next(_numbers)}@union.example.org")
    contact = Contact(
        "Clara Contact", "Secretary", email, make_email_key(email, settings.email_key), "+353 21 000"
    )
    of_contact = {field.name for field in fields(Contact)} - {"email", "email_key", "name"}
    contact = replace(contact, **{key: changes.pop(key) for key in of_contact & changes.keys()})
    of_entry = {field.name for field in fields(Entry)}
    entry = organisation_entry(**{key: changes.pop(key) for key in of_entry & changes.keys()})
    asked = Request(
        id=new_id(),
        campaign_id=campaign.id,
        entry=entry,
        contact=contact,
        logo=None,
        language="en",
        statement_id=campaign.statements[campaign.default_language].id,
        consent_version=1,
        arrived_at=utc_now(),
    )
    return replace(asked, **changes)


def cosign(
    database: Database, settings: Settings, campaign: CampaignSnapshot, pin: int | None = None, **changes: Any
) -> Request:
    """An organisation that everybody sees. `changes` as above."""
    asked = organisation_request(campaign, settings, **changes)
    with database.writing() as session:
        organisation = add_organisation(
            session, asked, confirmed_at=asked.arrived_at, decided_at=asked.arrived_at, pin=pin
        )
        show(lock(session, campaign.id), organisation)
    return asked
