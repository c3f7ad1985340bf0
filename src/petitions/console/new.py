"""Starting a campaign: its title, its address and its first language."""

import contextlib

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response
from wtforms import StringField

from petitions.accounts.members import set_role
from petitions.accounts.roles import Role
from petitions.audit.recording import record
from petitions.campaigns.content import Content, Texts
from petitions.campaigns.editing import create_campaign
from petitions.campaigns.files import MAX_TITLE
from petitions.campaigns.models import Campaign
from petitions.campaigns.naming import MAX_SLUG, RESERVED_SLUGS, free_slug, has_slug_shape, suggest_slug
from petitions.console.guard import Lead, for_lead
from petitions.console.pages import show
from petitions.console.tongues import check_language, common_languages, tidy_tag
from petitions.i18n import N_
from petitions.web.forms import PlainForm, readable, required, tidy_line
from petitions.web.pages import see_other

#: Each of those who ask for one suggestion at the same moment takes a number.
_TRIES = 20
_SHAPE = N_("Please use small letters from a to z, digits and single hyphens, like free-ana-sanchez.")
_TAKEN = N_("Another campaign has this address. Please choose another one.")


class NewCampaignForm(PlainForm):
    title = StringField(N_("Title"), [required, readable(MAX_TITLE)], filters=[tidy_line])
    slug = StringField(N_("Address"), [readable(MAX_SLUG)], filters=[lambda text: tidy_line(text).lower()])
    language = StringField(N_("Language"), [required, check_language], filters=[tidy_tag])


@for_lead()
async def show_new(_request: Request, lead: Lead) -> Response:
    """The form of a new campaign; words for those who may start none."""
    if not lead.login.may_start:
        return _refuse_lead(lead)
    return _show(lead, NewCampaignForm(data={"language": lead.words.language}))


@for_lead()
async def start(_request: Request, lead: Lead) -> Response:
    """Create a campaign that nobody else sees, and go on to its texts."""
    if not lead.login.may_start:
        return _refuse_lead(lead)
    form = NewCampaignForm(await lead.form())
    if not form.validate() or not _check_slug(form):
        return _show(lead, form, 422)
    slug = await _create(lead, form)
    if slug is None:
        _refuse(form, _TAKEN)
        return _show(lead, form, 422)
    return see_other(lead.url(f"/console/c/{slug}/texts/{form.language.data}", started="1"))


def _refuse_lead(lead: Lead) -> Response:
    return show(lead, "new.html", 403, form=None)


def _check_slug(form: NewCampaignForm) -> bool:
    """Whether the address can be had, as far as one sees without looking who has it."""
    slug = form.slug.data or ""
    if slug in RESERVED_SLUGS:
        _refuse(form, N_("This address is needed by the site itself. Please choose another one."))
    elif slug and not has_slug_shape(slug):
        _refuse(form, _SHAPE)
    elif not slug and not suggest_slug(form.title.data or ""):
        _refuse(form, N_("Please give an address: the title has no letters to make one of."))
    return not form.slug.errors


def _refuse(form: NewCampaignForm, message: str) -> None:
    form.slug.errors = [message]


async def _create(lead: Lead, form: NewCampaignForm) -> str | None:
    """The address of the new campaign; None where the one that was asked for is taken."""
    for _ in range(1 if form.slug.data else _TRIES):
        with contextlib.suppress(IntegrityError):  # somebody took it in the same moment
            return await lead.site.database.write(_store, lead, form)
    return None


def _store(session: Session, lead: Lead, form: NewCampaignForm) -> str | None:
    title, language = form.title.data or "", form.language.data or ""
    slug = form.slug.data or _free(session, suggest_slug(title))
    content = Content(default_language=language, texts={language: Texts(title=title)})
    campaign_id = create_campaign(session, slug, content, lead.login.name, lead.now)
    if campaign_id is None:
        return None
    set_role(session, campaign_id, lead.login.user_id, Role.OWNER, lead.now)
    record(session, lead.actor, "campaign.created", lead.now, campaign_id, slug=slug, language=language)
    return slug


def _free(session: Session, slug: str) -> str:
    taken = session.scalars(select(Campaign.slug).where(Campaign.slug.startswith(slug, autoescape=True)))
    return free_slug(slug, set(taken))


def _show(lead: Lead, form: NewCampaignForm, status: int = 200) -> Response:
    return show(
        lead,
        "new.html",
        status,
        form=form,
        labels={field.name: lead.words.translate(field.label.text) for field in form},
        languages=common_languages(),
    )
