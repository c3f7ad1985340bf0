"""The letters to organisations, made from rows when they are sent; the outbox itself holds ids alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.campaigns.models import Statement
from petitions.campaigns.queries import CampaignSnapshot, list_snapshots
from petitions.campaigns.terms import text_in
from petitions.i18n import translator
from petitions.mail.letters import Letter, LetterBuilder
from petitions.mail.outbox import ClaimedMail
from petitions.organisations.confirming import CONFIRM_PURPOSE, CONTACT_PURPOSE, OWN_PURPOSE
from petitions.organisations.deciding import APPROVED_MAIL, ASKED_MAIL, DECLINED_MAIL, KEPT_MAIL
from petitions.organisations.kinds import KINDS
from petitions.organisations.merging import MERGED_MAIL
from petitions.organisations.models import APPROVED, ASKED, DECLINED, MERGED, UNCONFIRMED, Organisation
from petitions.organisations.own import CONTACT_MAIL, HANDOVER_MAIL
from petitions.organisations.reminding import REMINDER_MAIL
from petitions.organisations.renewing import RENEWAL_MAIL
from petitions.organisations.requesting import CONFIRM, OWN_LINK
from petitions.tokens import CONFIRM_LIFETIME, Tokens


@dataclass(frozen=True)
class _About:
    """What a mail is about, as it stands when it is sent."""

    session: Session
    mail: ClaimedMail
    organisation: Organisation
    campaign: CampaignSnapshot
    refused: bool  # the address wants no button about this campaign

    @property
    def asks(self) -> bool:
        """Whether a lead waits for an answer."""
        organisation = self.organisation
        return bool(organisation.question) and not organisation.answer and organisation.state in (ASKED, APPROVED)


#: Folder under templates/mail and what its texts need beyond what all of them do; None: nothing is to be said.
_Said = tuple[str, Mapping[str, Any]] | None
#: Which of these addresses want no mails about which campaign; see signatures/refusing.py, which lies above.
FindRefusals = Callable[[Session, Sequence[bytes]], set[tuple[int, bytes]]]


def _none_refused(_session: Session, _email_keys: Sequence[bytes]) -> set[tuple[int, bytes]]:
    return set()


@dataclass(frozen=True)
class OrganisationLetters:
    """Builds the letters of this feature."""

    base_url: str
    tokens: Tokens
    find_refusals: FindRefusals = _none_refused

    def builders(self) -> Mapping[str, LetterBuilder]:
        says: Mapping[str, Callable[[_About], _Said]] = {
            CONFIRM: self._confirm,
            OWN_LINK: self._own_link,
            APPROVED_MAIL: self._approved,
            DECLINED_MAIL: self._declined,
            KEPT_MAIL: self._kept,
            ASKED_MAIL: self._asked,
            RENEWAL_MAIL: self._renewal,
            MERGED_MAIL: self._merged,
            CONTACT_MAIL: self._contact,
            HANDOVER_MAIL: self._handover,
            REMINDER_MAIL: self._reminder,
        }
        return {kind: partial(self._build, say) for kind, say in says.items()}

    def _build(
        self, say: Callable[[_About], _Said], session: Session, mails: Sequence[ClaimedMail]
    ) -> Mapping[UUID, Letter]:
        """Letters about organisations that are there; none where it makes no sense any more."""
        campaigns: Mapping[int | None, CampaignSnapshot] = {c.id: c for c in list_snapshots(session)}
        query = select(Organisation).where(
            Organisation.campaign_id.in_({mail.campaign_id for mail in mails}),
            Organisation.id.in_([mail.subject_id for mail in mails]),
        )
        found = {(row.campaign_id, row.id): row for row in session.scalars(query)}
        refusals = self.find_refusals(session, [mail.email_key for mail in mails])
        letters = {}
        for mail in mails:
            organisation = found.get((mail.campaign_id or 0, mail.subject_id))
            campaign = campaigns.get(mail.campaign_id)
            if organisation is None or organisation.email is None or campaign is None or campaign.purge_began_at:
                continue
            refused = (organisation.campaign_id, mail.email_key) in refusals
            said = say(_About(session, mail, organisation, campaign, refused))
            if said is not None:
                letters[mail.id] = self._letter(organisation, campaign, mail.language, *said)
        return letters

    def _confirm(self, about: _About) -> _Said:
        """With the button, and what was entered; none for one that is confirmed or declined. Its public words and
        its website are on the page alone: a stranger may have written them, to whoever they like."""
        organisation, language = about.organisation, about.mail.language
        if organisation.state != UNCONFIRMED or about.refused:
            return None
        words = translator(language)
        confirm_url = self._url("organisation/confirm", CONFIRM_PURPOSE, organisation, language)
        return "organisation_confirm", {
            "confirm_url": confirm_url,
            "not_us_url": f"{confirm_url}#not-us",
            "tables": [
                (words.gettext("The organisation"), describe_entry(organisation, language)),
                (words.gettext("Who asked, never shown"), describe_contact(organisation, language)),
            ],
            "expires_at": organisation.created_at + CONFIRM_LIFETIME,
        }

    def _own_link(self, about: _About) -> _Said:
        """With the link to the own page, and how far it is."""
        organisation = about.organisation
        if organisation.state == UNCONFIRMED:
            return None  # that one has its own mail
        return "organisation_link", {"state": organisation.state, "asks": about.asks}

    def _approved(self, about: _About) -> _Said:
        if about.organisation.state != APPROVED:
            return None
        language = about.mail.language
        heading = translator(language).gettext("What everybody sees")
        return "organisation_approved", {"tables": [(heading, describe_shown(about.organisation, language))]}

    def _declined(self, about: _About) -> _Said:
        if about.organisation.state != DECLINED:
            return None
        return "organisation_declined", {"message": about.organisation.question}

    def _kept(self, about: _About) -> _Said:
        """What it wanted to be shown instead is not."""
        if about.organisation.state != APPROVED:
            return None
        return "organisation_kept", {"message": about.organisation.question}

    def _asked(self, about: _About) -> _Said:
        """None where it was answered, or decided otherwise."""
        if not about.asks:
            return None
        return "organisation_asked", {"message": about.organisation.question, "again": False}

    def _reminder(self, about: _About) -> _Said:
        """The same once more, of whatever the organisation has to do."""
        if about.organisation.state == ASKED and about.asks:
            return "organisation_asked", {"message": about.organisation.question, "again": True}
        said = self._confirm(about)
        return ("organisation_reminder", said[1]) if said is not None else None

    def _renewal(self, about: _About) -> _Said:
        """The words it signed and those in force; none where it signed these, or the old ones came back."""
        organisation, campaign = about.organisation, about.campaign
        signed = about.session.get(Statement, organisation.statement_id)
        if organisation.state != APPROVED or signed is None or signed.retired_at is None:
            return None
        current = campaign.statements.get(signed.language) or campaign.statements[campaign.default_language]
        notes = [note for note in campaign.notes if note.changed_at >= signed.retired_at]
        language, default = about.mail.language, campaign.default_language
        return "organisation_renewal", {
            "signed": signed,
            "current": current,
            "notes": [text_in(note.text, language, default) for note in reversed(notes)],
            "versions_url": f"{self.base_url}/c/{campaign.slug}/versions?lang={language}",
        }

    def _merged(self, about: _About) -> _Said:
        organisation = about.organisation
        if organisation.state != MERGED:
            return None
        query = select(Organisation.name).where(
            Organisation.campaign_id == organisation.campaign_id,
            Organisation.number == organisation.merged_into,
            Organisation.state == APPROVED,  # of others, only what everybody sees
        )
        return "organisation_merged", {"other_name": about.session.scalar(query)}

    def _contact(self, about: _About) -> _Said:
        """To whom is proposed to speak for it."""
        organisation, language = about.organisation, about.mail.language
        following = organisation.next_contact
        if about.refused or following is None or bytes.fromhex(following["email_key"]) != about.mail.email_key:
            return None  # somebody else is proposed now, who has a mail of their own, or had enough of them
        token = self.tokens.make(CONTACT_PURPOSE, organisation.campaign_id, organisation.id, following["key"])
        contact_url = f"{self.base_url}/organisation/contact/{token}?lang={language}"
        return "organisation_contact", {
            "recipient": following["email"],
            "contact_url": contact_url,
            "not_me_url": f"{contact_url}#not-me",
            "own_url": None,  # it is not theirs yet
        }

    def _handover(self, about: _About) -> _Said:
        """To who speaks for it now: somebody else is to."""
        following = about.organisation.next_contact
        if following is None:
            return None
        return "organisation_handover", {
            "next_name": following["contact_name"],
            "next_email": following["email"],
        }

    def _letter(
        self,
        organisation: Organisation,
        campaign: CampaignSnapshot,
        language: str,
        message: str,
        extra: Mapping[str, Any],
    ) -> Letter:
        statement = campaign.statements.get(language) or campaign.statements[campaign.default_language]
        neutral = campaign.terms.mail
        default = campaign.default_language
        context = {
            "campaign_title": statement.title,
            "campaign_url": f"{self.base_url}/c/{campaign.slug}?lang={language}",
            "list_url": f"{self.base_url}/c/{campaign.slug}/organisations?lang={language}",
            "own_url": self._url("organisation", OWN_PURPOSE, organisation, language),
            "name": organisation.name,
            "responsible": campaign.terms.responsible,
            "neutral": neutral is not None,
            "message": None,  # of a lead
            "tables": [],
            **extra,
        }
        return Letter(
            recipient=context.pop("recipient", organisation.email),
            message=message,
            language=language,
            context=context,
            subject=text_in(neutral.subject, language, default) if neutral else None,
            sender_name=text_in(neutral.sender_name, language, default) if neutral else None,
            reply_to=campaign.terms.reply_to,
        )

    def _url(self, page: str, purpose: str, organisation: Organisation, language: str) -> str:
        token = self.tokens.make(purpose, organisation.campaign_id, organisation.id, organisation.link_epoch)
        return f"{self.base_url}/{page}/{token}?lang={language}"


def describe_shown(organisation: Organisation, language: str) -> list[tuple[str, str]]:
    """Label and value of what everybody sees, or would, in a language."""
    words = translator(language)
    lines = [
        (words.gettext("Website"), organisation.website),
        (words.gettext("Public words"), organisation.comment),
        (words.gettext("Logo"), words.gettext("as it was sent") if organisation.logo is not None else None),
    ]
    return [*describe_entry(organisation, language), *((label, value) for label, value in lines if value)]


def describe_entry(organisation: Organisation, language: str) -> list[tuple[str, str]]:
    """The same of what holds no words or links of its own."""
    words = translator(language)
    place = [organisation.city, words.country(organisation.country)]
    members = words.number(organisation.members) if organisation.members is not None else None
    lines = [
        (words.gettext("Name of the organisation"), organisation.name),
        (words.gettext("Kind"), words.translate(KINDS[organisation.kind])),
        (words.gettext("Place"), ", ".join(part for part in place if part)),
        (words.gettext("Members represented"), members),
    ]
    return [(label, value) for label, value in lines if value]


def describe_contact(organisation: Organisation, language: str) -> list[tuple[str, str]]:
    """The same of who speaks for it, for their own eyes."""
    words = translator(language)
    lines = [
        (words.gettext("Name of the contact person"), organisation.contact_name),
        (words.gettext("Their role in the organisation"), organisation.contact_role),
        (words.gettext("Mail address"), organisation.email),
        (words.gettext("Phone"), organisation.phone),
    ]
    return [(label, value) for label, value in lines if value]
