"""The letters to signers, made from rows when they are sent; the outbox itself holds ids alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from petitions.campaigns.queries import CampaignSnapshot, list_snapshots
from petitions.campaigns.terms import text_in
from petitions.i18n import N_, translator
from petitions.mail.letters import Letter, LetterBuilder
from petitions.mail.outbox import ClaimedMail
from petitions.signatures.drafting import ALREADY_SIGNED, CONFIRM
from petitions.signatures.models import Draft, Signature
from petitions.signatures.own import OWN_PURPOSE, UNSUBSCRIBE_PURPOSE
from petitions.signatures.refusing import find_refusals
from petitions.signatures.relinking import OWN_LINK
from petitions.signatures.reminding import REMIND
from petitions.tokens import Tokens

CONFIRM_PURPOSE = "confirm"

_VISIBILITY_LABELS = {
    "public": N_("Everyone: my name is shown on this page and in the delivery"),
    "initials": N_("Only my initials: they are shown with my country, here and in the delivery"),
    "addressee": N_("Only those to whom the list is delivered: nothing is shown here"),
    "anonymous": N_("Nobody: count me without a name"),
}


@dataclass(frozen=True)
class SignerLetters:
    """Builds the letters of this feature."""

    base_url: str
    tokens: Tokens

    def builders(self) -> Mapping[str, LetterBuilder]:
        return {
            CONFIRM: self.confirm,
            REMIND: self.remind,
            ALREADY_SIGNED: self.already_signed,
            OWN_LINK: self.own_link,
        }

    def confirm(self, session: Session, mails: Sequence[ClaimedMail]) -> Mapping[UUID, Letter]:
        """Letters that ask for the button; none for a draft that is gone, held or refused."""
        return self._about_drafts("confirm", session, mails)

    def remind(self, session: Session, mails: Sequence[ClaimedMail]) -> Mapping[UUID, Letter]:
        """The same, once more and for the last time."""
        return self._about_drafts("remind", session, mails)

    def _about_drafts(self, message: str, session: Session, mails: Sequence[ClaimedMail]) -> Mapping[UUID, Letter]:
        campaigns: Mapping[int | None, CampaignSnapshot] = {c.id: c for c in list_snapshots(session)}
        drafts = _rows_by_id(session, Draft, mails)
        refused = find_refusals(session, [draft.email_key for draft in drafts.values()])
        letters = {}
        for mail in mails:
            draft, campaign = drafts.get(mail.subject_id), campaigns.get(mail.campaign_id)
            if not isinstance(draft, Draft) or draft.held_reason or campaign is None or campaign.purge_began_at:
                continue
            if (draft.campaign_id, draft.email_key) in refused:
                continue
            token = self.tokens.make(CONFIRM_PURPOSE, draft.campaign_id, draft.id)
            extra = {
                "confirm_url": f"{self.base_url}/confirm/{token}?lang={mail.language}",
                "not_me_url": f"{self.base_url}/confirm/{token}/not-me?lang={mail.language}",
                "own_url": self._own_url(draft, 0, campaign, mail.language),
                "lines": describe(draft, campaign, mail.language),
            }
            letters[mail.id] = self._letter(message, draft, draft.email, campaign, mail.language, extra)
        return letters

    def already_signed(self, session: Session, mails: Sequence[ClaimedMail]) -> Mapping[UUID, Letter]:
        """Letters that say that the signature is counted already."""
        return self._about_signatures("already_signed", session, mails)

    def own_link(self, session: Session, mails: Sequence[ClaimedMail]) -> Mapping[UUID, Letter]:
        """Letters with the link to what is stored."""
        return self._about_signatures("own_link", session, mails)

    def _about_signatures(
        self, message: str, session: Session, mails: Sequence[ClaimedMail]
    ) -> Mapping[UUID, Letter]:
        campaigns: Mapping[int | None, CampaignSnapshot] = {c.id: c for c in list_snapshots(session)}
        signatures = _rows_by_id(session, Signature, mails)
        letters = {}
        for mail in mails:
            signature, campaign = signatures.get(mail.subject_id), campaigns.get(mail.campaign_id)
            if not isinstance(signature, Signature) or campaign is None or signature.email is None:
                continue
            extra = {"own_url": self._own_url(signature, signature.link_epoch, campaign, mail.language)}
            letters[mail.id] = self._letter(message, signature, signature.email, campaign, mail.language, extra)
        return letters

    def _own_url(self, row: Draft | Signature, epoch: int, campaign: CampaignSnapshot, language: str) -> str:
        """Of the signer's own page; a draft keeps its id when it becomes a signature. In a neutral mail the
        address does not say what it is about either."""
        token = self.tokens.make(OWN_PURPOSE, row.campaign_id, row.id, epoch)
        page = "entry" if campaign.terms.mail is not None else "signature"
        return f"{self.base_url}/{page}/{token}?lang={language}"

    def unsubscribe_url(self, signature: Signature, language: str) -> str:
        """For `Letter.unsubscribe_url` of every mail that needs the consent to updates (RFC 8058)."""
        token = self.tokens.make(UNSUBSCRIBE_PURPOSE, signature.campaign_id, signature.id)
        return f"{self.base_url}/unsubscribe/{token}?lang={language}"

    def _letter(
        self,
        message: str,
        row: Draft | Signature,
        recipient: str,
        campaign: CampaignSnapshot,
        language: str,
        extra: Mapping[str, Any],
    ) -> Letter:
        statement = campaign.statements.get(language) or campaign.statements[campaign.default_language]
        neutral = campaign.terms.mail
        context = {
            "campaign_title": statement.title,
            "campaign_url": f"{self.base_url}/c/{campaign.slug}?lang={language}",
            "closes_at": campaign.closes_at,
            "responsible": campaign.terms.responsible,
            "name": row.name,
            "neutral": neutral is not None,
        }
        return Letter(
            recipient=recipient,
            message=message,
            language=language,
            context=context | dict(extra),
            subject=text_in(neutral.subject, language, campaign.default_language) if neutral else None,
            sender_name=text_in(neutral.sender_name, language, campaign.default_language) if neutral else None,
            reply_to=campaign.terms.reply_to,
            unsubscribe_url=None,
        )


def describe(row: Draft | Signature, campaign: CampaignSnapshot, language: str) -> list[tuple[str, str]]:
    """Label and value of everything that somebody typed, in their language, for their own eyes."""
    words = translator(language)
    terms, default = campaign.terms, campaign.default_language
    lines = [
        (words.gettext("Name"), row.name),
        (words.gettext("Mail address"), row.email),
        (words.gettext("Country"), words.country(row.country)),
        (words.gettext("City"), row.city),
    ]
    if terms.affiliation:
        lines.append((text_in(terms.affiliation.label, language, default), row.affiliation))
    answers = row.answers or {}
    lines += [(text_in(q.label, language, default), answers.get(q.key)) for q in terms.questions]
    lines.append((words.gettext("A few words of your own"), row.comment))
    lines.append((words.gettext("Who may see your name?"), words.translate(_VISIBILITY_LABELS[row.visibility])))
    return [(label, value) for label, value in lines if value]


def _rows_by_id(
    session: Session, table: type[Draft] | type[Signature], mails: Sequence[ClaimedMail]
) -> dict[UUID, Draft | Signature]:
    campaigns = {mail.campaign_id for mail in mails}
    ids = [mail.subject_id for mail in mails]
    query: Select[Any] = select(table).where(table.campaign_id.in_(campaigns), table.id.in_(ids))
    rows: Sequence[Draft | Signature] = session.scalars(query).all()
    return {row.id: row for row in rows}
