"""A campaign as a reader of one language sees it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.requests import Request

from petitions.campaigns.defence import PAUSED
from petitions.campaigns.models import Statement
from petitions.campaigns.queries import CampaignSnapshot, WordingNote, find_slug
from petitions.campaigns.terms import LocalText, text_in
from petitions.errors import CampaignNotFound, LinkInvalid
from petitions.i18n import N_, Translator, text_direction, translator
from petitions.organisations.counting import Standing
from petitions.public.views import CampaignView, LinkView, NoteView, QuestionView, RetentionView, StatementView
from petitions.signatures.consents import wording_key
from petitions.web.languages import resolve_for
from petitions.web.site import Site, site_of

#: Beside the box of the consent to mails, where the campaign has no words of its own.
DEFAULT_UPDATES_LABEL = N_("Write to me about this campaign")
_PURGE_TAKES = timedelta(hours=2)
#: Of a page that says nothing of organisations.
_NO_ORGANISATIONS = Standing()
_LAST_MOMENT = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Visit:
    """A request for a campaign: who serves it, which campaign, in which languages."""

    site: Site
    campaign: CampaignSnapshot
    words: Translator
    statement_language: str

    @property
    def path(self) -> str:
        return f"/c/{self.campaign.slug}"

    @property
    def key(self) -> tuple[str, str, str]:
        """What a page of this campaign depends on besides its own address."""
        return (self.campaign.slug, self.words.language, self.statement_language)

    def url(self, below: str = "") -> str:
        """A relative address below the campaign, in the visitor's language."""
        return f"{self.path}{below}?lang={self.words.language}"

    def absolute_url(self) -> str:
        """The address to pass on; each reader gets their own language."""
        return f"{self.site.settings.base_url}{self.path}"


async def visit(request: Request) -> Visit:
    """Find the campaign of the path and the visitor's languages. Raises CampaignNotFound."""
    site = site_of(request)
    slug = request.path_params["slug"]
    if len(slug) > 80 or not slug.isascii() or not slug.isprintable():
        raise CampaignNotFound(slug[:80])
    campaign = site.campaigns.fresh(slug) or await site.campaigns.get(slug)
    interface, statement = resolve_for(request, campaign.languages, campaign.default_language)
    return Visit(site, campaign, translator(interface), statement)


async def slug_of(site: Site, campaign_id: int) -> str:
    """The slug of a link's campaign; asked once, for it never changes. Raises LinkInvalid."""
    slug = site.slugs.get(campaign_id)
    if slug is None:
        found = await site.database.read(find_slug, campaign_id)
        if found is None:
            raise LinkInvalid
        slug = site.slugs[campaign_id] = found
    return slug


def view_campaign(
    campaign: CampaignSnapshot,
    statement: Statement,
    words: Translator,
    base_url: str,
    count: int,
    now: datetime,
    organisations: Standing = _NO_ORGANISATIONS,
    paper: int = 0,
) -> CampaignView:
    """Everything that a page says about a campaign, resolved for one reader."""
    terms = campaign.terms
    language = statement.language

    def local(text: LocalText) -> str:
        # The campaign's labels follow the interface, where the campaign has that language.
        return text_in(text, words.language, language)

    goal = terms.next_goal(count)
    return CampaignView(
        slug=campaign.slug,
        url=f"{base_url}/c/{campaign.slug}",
        status=campaign.status(now),
        opens_at=campaign.opens_at,
        closes_at=campaign.closes_at,
        count=count,
        goal=goal,
        goal_is_step=goal is not None and goal != terms.goal_steps[-1],
        statement=view_statement(statement),
        languages=campaign.languages,
        addressees=tuple(text_in(name, language, campaign.default_language) for name in terms.addressees),
        initiator=terms.initiator,
        responsible=terms.responsible,
        links=tuple(LinkView(local(link.label), link.url) for link in terms.links),
        open_to_individuals=terms.open_to_individuals,
        open_to_organisations=terms.open_to_organisations,
        affiliation_label=local(terms.affiliation.label) if terms.affiliation else None,
        affiliation_required=terms.affiliation.required if terms.affiliation else False,
        questions=tuple(QuestionView(q.key, local(q.label), q.required, q.public) for q in terms.questions),
        visibility_choices=terms.visibility_choices,
        public_list=terms.public_list,
        has_background=bool(campaign.background_languages),
        retention=_view_retention(campaign),
        updates_label=local(terms.updates_label) if terms.updates_label else None,
        thanks=text_in(terms.thanks, language, campaign.default_language) if terms.thanks else None,
        reminder=terms.reminder,
        share_text=text_in(terms.share, language, campaign.default_language) if terms.share else statement.title,
        updates_words=wording_key(updates_wording(campaign, language, words)).hex(),
        purged=campaign.purged_at is not None,
        find_url=f"/c/{campaign.slug}/find?lang={words.language}",
        outcome=campaign.outcome if campaign.status(now) == "closed" else None,
        notes=tuple(_view_note(note, language, campaign.default_language) for note in campaign.notes),
        count_url=f"/c/{campaign.slug}/count?lang={words.language}" if terms.open_to_individuals else None,
        defence=campaign.defence if campaign.status(now) == "open" else None,
        versions_url=(
            f"/c/{campaign.slug}/versions?lang={words.language}"
            if statement.version > 1 or campaign.notes
            else None
        ),
        organisations=organisations.counted,
        members=organisations.members,
        organisations_url=(
            f"/c/{campaign.slug}/organisations?lang={words.language}"
            if terms.open_to_organisations or organisations.counted
            else None
        ),
        paper=paper,
        ask_url=_ask_url(campaign, words, now),
    )


def _ask_url(campaign: CampaignSnapshot, words: Translator, now: datetime) -> str | None:
    if not campaign.terms.open_to_organisations or campaign.status(now) != "open" or campaign.defence == PAUSED:
        return None
    return f"/c/{campaign.slug}/organisations/new?lang={words.language}"


def _view_note(note: WordingNote, language: str, default_language: str) -> NoteView:
    shown = next((code for code in (language, default_language) if note.text.get(code)), next(iter(note.text), ""))
    return NoteView(note.changed_at, note.text.get(shown, ""), shown, text_direction(shown))


def view_statement(statement: Statement) -> StatementView:
    """A wording for a page that shows it in its own language."""
    return StatementView(
        id=statement.id,
        language=statement.language,
        direction=text_direction(statement.language),
        version=statement.version,
        title=statement.title,
        summary=statement.summary,
        body=statement.body,
        demands=tuple(statement.demands),
    )


def _view_retention(campaign: CampaignSnapshot) -> RetentionView:
    retention, due_at = campaign.terms.retention, campaign.purge_due_at
    fixed = retention is not None and retention.until is not None
    return RetentionView(
        # The worker looks every hour, and a large campaign takes some minutes.
        purge_on=(due_at + min(_PURGE_TAKES, _LAST_MOMENT - due_at)).date() if due_at else None,
        months=None if fixed or retention is None else retention.months_after_closing,
        fixed=fixed,
    )


def updates_wording(campaign: CampaignSnapshot, statement_language: str, words: Translator) -> str:
    """The words beside the box of the consent to mails, as `view_campaign` and the form show them."""
    label = campaign.terms.updates_label
    if label is None:
        return words.translate(DEFAULT_UPDATES_LABEL)
    return text_in(label, words.language, statement_language)
