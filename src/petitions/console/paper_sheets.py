"""Sheets to print: numbered, in a language of the campaign, on the paper that the printer has."""

from collections.abc import Sequence
from dataclasses import dataclass

import anyio.to_thread
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from petitions.accounts.roles import Permission
from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.console.paper import refusal_of
from petitions.console.paper_words import ERASED
from petitions.errors import CampaignPurged, InvalidRequest, NotPossible, ScriptsWithoutFont
from petitions.i18n import N_, Message
from petitions.paper.numbering import MAX_SHEETS, take_numbers
from petitions.paper.sheets import make_sheets
from petitions.pdf.papers import Paper
from petitions.signatures.models import Tally
from petitions.web.caching import no_store
from petitions.web.forms import read_number

PAPERS: Sequence[tuple[str, str]] = ((Paper.A4, "A4"), (Paper.LETTER, "Letter"))
_HOW_MANY = N_("Please give a number from 1 to %(most)s.", most=MAX_SHEETS)


@dataclass(frozen=True)
class Wish:
    """What is to be printed."""

    language: str
    paper: str = Paper.A4
    count: str = "10"  # as it was typed


@for_desk(Permission.PAPER)
async def show_sheets(_request: Request, desk: Desk) -> Response:
    """The form."""
    return await _show(desk, Wish(desk.campaign.default_language))


@for_desk(Permission.PAPER)
async def print_sheets(_request: Request, desk: Desk) -> Response:
    """A PDF of sheets, whose numbers nobody else gets."""
    wish = _read(await desk.form())
    if (refusal := refusal_of(desk)) is not None:
        return await _show(desk, wish, 409, refusal)
    count = read_number(wish.count)
    if not 1 <= count <= MAX_SHEETS:
        return await _show(desk, wish, 422, _HOW_MANY)
    campaign = await desk.site.database.read(get_snapshot, desk.campaign.slug)
    if wish.language not in campaign.statements:
        raise InvalidRequest
    try:
        # What no font can write is found before numbers are taken.
        await anyio.to_thread.run_sync(_make, desk, campaign, wish, 1, 1)
        first = await desk.site.database.write(
            take_numbers, desk.campaign.id, count, wish.language, desk.actor, desk.now
        )
        pdf = await anyio.to_thread.run_sync(_make, desk, campaign, wish, first, count)
    except (CampaignPurged, NotPossible):
        return await _show(desk, wish, 409, ERASED)
    except ScriptsWithoutFont as error:
        return await _show(desk, wish, 409, without_font(error.scripts))
    name = f"{desk.campaign.slug}-sheets-{first:04d}-{first + count - 1:04d}.pdf"
    response = Response(pdf, media_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    no_store(response)
    return response


def without_font(scripts: Sequence[str]) -> Message:
    """What is missing, and who can mend it."""
    return N_(
        "No font on the server has these scripts: %(scripts)s. Whoever looks after it can install them.",
        scripts=", ".join(scripts),
    )


def _make(desk: Desk, campaign: CampaignSnapshot, wish: Wish, first: int, count: int) -> bytes:
    settings = desk.site.settings
    paper = Paper(wish.paper)
    return make_sheets(campaign, wish.language, paper, first, count, settings.base_url, settings.fonts_dir)


def _read(data: FormData) -> Wish:
    """Raises InvalidRequest."""
    paper = str(data.get("paper", ""))
    if paper not in {value for value, _ in PAPERS}:
        raise InvalidRequest
    return Wish(str(data.get("language", "")), paper, str(data.get("count", ""))[:10].strip())


def _find(session: Session, desk: Desk) -> tuple[Sequence[str], int]:
    """The languages of the wordings in force, and the last number that was given."""
    tally = session.get(Tally, desk.campaign.id)
    if tally is None:
        return (), 0
    return get_snapshot(session, desk.campaign.slug).languages, tally.last_sheet


async def _show(desk: Desk, wish: Wish, status: int = 200, problem: Message | None = None) -> Response:
    languages, last = await desk.site.database.read(_find, desk)
    return show(
        desk,
        "paper_sheets.html",
        status,
        wish=wish,
        problem=problem,
        refusal=refusal_of(desk),
        languages=languages,
        papers=PAPERS,
        last=last,
        most=MAX_SHEETS,
    )
