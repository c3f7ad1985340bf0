"""The statement page as it would look if the working copy were published now; nobody else sees it."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from petitions.accounts.roles import Permission
from petitions.campaigns.content import Content, Texts
from petitions.campaigns.editing import load_copy
from petitions.campaigns.models import Campaign, Statement
from petitions.campaigns.queries import CampaignSnapshot
from petitions.campaigns.reading import TermsError, read_terms
from petitions.campaigns.terms import Terms
from petitions.console.details import PARTS
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.console.texts import language_tabs
from petitions.i18n import N_, Translator
from petitions.public.campaigns import Visit
from petitions.public.forms import sign_form_for
from petitions.public.sharing import qr_svg
from petitions.public.statement import Standing, describe, find_standing

_NOT_YET = N_("(not written yet)")
_NOBODY_YET = N_("(nobody named yet)")


@dataclass(frozen=True)
class Draft:
    """A campaign as it would be, and what of it cannot be shown yet."""

    content: Content
    snapshot: CampaignSnapshot
    standing: Standing
    left_out: tuple[str, ...]  # keys of the terms that are wrong or unfinished


@for_desk(Permission.EDIT)
async def show_preview(_request: Request, desk: Desk) -> Response:
    """The page, or the background page, in one language of the campaign."""
    draft = await desk.site.database.read(_draft, desk.campaign, desk.words)
    asked = desk.request.query_params.get("statement", "")
    language = asked if asked in draft.snapshot.statements else draft.content.default_language
    tabs = language_tabs(desk, draft.content)
    unfinished = [part for part in PARTS.values() if not part.owns.isdisjoint(draft.left_out)]
    context: dict[str, Any] = {"language": language, "tabs": tabs, "left_out": unfinished}
    background = draft.content.texts.get(language, Texts()).background
    if desk.request.query_params.get("part") == "background" and background:
        return show(desk, "preview_background.html", background=background, **context)
    return _show_statement(desk, draft, language, context)


def _show_statement(desk: Desk, draft: Draft, language: str, context: Mapping[str, Any]) -> Response:
    here = Visit(desk.site, draft.snapshot, desk.words, language)
    statement = draft.snapshot.statements[language]
    form = sign_form_for(draft.snapshot.terms)()
    said = describe(here, statement, form, draft.standing)
    is_public = desk.campaign.published_at is not None
    code = "data:image/svg+xml;base64," + base64.b64encode(qr_svg(here.absolute_url())).decode()
    has_background = language in draft.snapshot.background_languages
    said |= {
        "form_action": "",  # nobody signs what is not published
        "background_url": desk.url(f"{desk.path}/preview", statement=language, part="background")
        if has_background
        else None,
        # What is not published has no pages that could be opened.
        "privacy_url": said["privacy_url"] if is_public else "#sign",
        "signatures_url": said["signatures_url"] if is_public else "#latest",
        "qr_url": code,
        "qr_png_url": "",
        "query_string": {"statement": language},
    }
    return show(desk, "preview.html", **said, **context)


def _draft(session: Session, campaign: Campaign, words: Translator) -> Draft:
    content = load_copy(session, campaign.id).content
    terms, left_out = readable_terms(content.terms, words)
    statements = {
        language: _statement(campaign.id, language, content.texts.get(language, Texts()), words)
        for language in content.languages
    }
    snapshot = CampaignSnapshot(
        id=campaign.id,
        slug=campaign.slug,
        default_language=content.default_language,
        opens_at=content.opens_at,
        closes_at=content.closes_at,
        terms=terms,
        statements=statements,
        background_languages=tuple(code for code, texts in content.texts.items() if texts.background),
        purge_began_at=campaign.purge_began_at,
        purged_at=campaign.purged_at,
        outcome=campaign.outcome,
    )
    return Draft(content, snapshot, find_standing(session, snapshot), left_out)


def readable_terms(terms: Mapping[str, Any], words: Translator) -> tuple[Terms, tuple[str, ...]]:
    """The terms with words in the place of what has to be there and is not, and the keys of what is left out
    because it is wrong or unfinished."""
    nobody = words.translate(_NOBODY_YET)
    shown: dict[str, Any] = {
        "responsible": {"name": nobody, "email": "nobody@example.org"},
        "addressees": [{"name": {words.language: nobody}}],
        "retention": {},
    }
    left_out = []
    for key, value in terms.items():
        try:
            read_terms(shown | {key: value}, ())
        except TermsError:
            left_out.append(key)
        else:
            shown[key] = value
    return read_terms(shown, ()), tuple(left_out)


def _statement(campaign_id: int, language: str, texts: Texts, words: Translator) -> Statement:
    not_yet = words.translate(_NOT_YET)
    return Statement(
        id=0,
        campaign_id=campaign_id,
        language=language,
        version=1,
        title=texts.title or not_yet,
        summary=texts.summary or not_yet,
        body=texts.body or not_yet,
        demands=list(texts.demands),
    )
