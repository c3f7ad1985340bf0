"""The overview of a campaign: how it stands, and what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from petitions.accounts.members import Member, list_members
from petitions.accounts.roles import Permission
from petitions.campaigns.content import Content, Texts, to_files, write_content
from petitions.campaigns.editing import Copy, find_last_revision, load_copy
from petitions.campaigns.lifecycle import purge_due_at
from petitions.campaigns.models import Campaign
from petitions.campaigns.reading import read_terms
from petitions.campaigns.values import TermsError
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.console.states import State, state_of
from petitions.organisations.queue import count_waiting
from petitions.signatures.counting import find_people
from petitions.signatures.rollups import find_parts

#: Countries that the overview names.
_COUNTRIES = 5
Step = Literal["texts", "details", "publish", "share"]


@dataclass(frozen=True)
class LanguageRow:
    code: str
    is_default: bool
    lags: bool
    is_whole: bool  # title, summary and body are there


@dataclass(frozen=True)
class StepRow:
    """One of the four steps from an idea to a campaign."""

    name: Step
    done: bool
    is_next: bool


@dataclass(frozen=True)
class Overview:
    """What the page shows."""

    state: State
    count: int
    on_paper: int  # in no sum with the others
    goal: int | None
    countries: Sequence[tuple[str, int]]
    languages: Sequence[LanguageRow]
    members: Sequence[Member]
    steps: Sequence[StepRow]
    unpublished: bool  # the working copy says something else than what is published
    saved_at: datetime | None
    saved_by: str
    purge_due_at: datetime | None
    organisations_wait: int  # about which a lead has to decide


def find_overview(session: Session, campaign: Campaign, now: datetime) -> Overview:
    """Everything of the page, from tallies and never from the rows of signatures."""
    copy = load_copy(session, campaign.id)
    people = find_people(session, campaign.id)
    count = people.online
    terms = read_terms(campaign.terms, ()) if campaign.published_at is not None else None
    return Overview(
        state=state_of(campaign, now),
        count=count,
        on_paper=people.paper,
        goal=terms.next_goal(count) if terms is not None else None,
        countries=find_parts(session, campaign.id, "country")[:_COUNTRIES],
        languages=_languages(copy.content),
        members=list_members(session, campaign.id),
        steps=steps_of(campaign, copy.content, count, now),
        unpublished=_is_unpublished(session, campaign, copy),
        saved_at=copy.saved_at if copy.saved_by else None,
        saved_by=copy.saved_by,
        purge_due_at=purge_due_at(terms.retention, campaign.closes_at) if terms is not None else None,
        organisations_wait=count_waiting(session, campaign.id).to_decide,
    )


def steps_of(campaign: Campaign, content: Content, count: int, now: datetime) -> Sequence[StepRow]:
    """The way from an idea to signatures, with what is done and what comes next."""
    published = campaign.published_at is not None
    written = bool(content.texts) and all(_is_whole(texts) for texts in content.texts.values())
    done: dict[Step, bool] = {
        "texts": written or published,
        "details": published or (written and _is_publishable(campaign.slug, content, now)),
        "publish": published,
        "share": published and count > 0,
    }
    coming = next((name for name, is_done in done.items() if not is_done), None)
    return [StepRow(name, is_done, name == coming) for name, is_done in done.items()]


def _is_publishable(slug: str, content: Content, now: datetime) -> bool:
    try:
        to_files(slug, content, now)
    except TermsError:
        return False
    return True


def _is_whole(texts: Texts) -> bool:
    return all(text.strip() for text in (texts.title, texts.summary, texts.body))


def _languages(content: Content) -> Sequence[LanguageRow]:
    lagging = content.lagging()
    return [
        LanguageRow(
            code=code,
            is_default=code == content.default_language,
            lags=code in lagging,
            is_whole=_is_whole(content.texts.get(code, Texts())),
        )
        for code in content.languages
    ]


def _is_unpublished(session: Session, campaign: Campaign, copy: Copy) -> bool:
    if campaign.published_at is None or copy.number == 0:
        return False
    last = find_last_revision(session, campaign.id)
    return last is None or last.content != write_content(copy.content)


@for_desk(Permission.VIEW)
async def show_overview(_request: Request, desk: Desk) -> Response:
    """How the campaign stands."""
    overview = await desk.site.database.read(find_overview, desk.campaign, desk.now)
    return show(desk, "overview.html", overview=overview)
