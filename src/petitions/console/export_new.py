"""Asking for a list: for whom, as which files, who is in it; its first rows before it is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from petitions.accounts.roles import Permission
from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.console.export_form import (
    ALL,
    ColumnChoice,
    ExportForm,
    offer_columns,
    order_columns,
    plan_of,
)
from petitions.console.export_words import FORMATS, PAPERS
from petitions.console.exports import CHANGED, ERASED, back_to, begin, name_delivery, why_not
from petitions.console.guard import Desk, for_desk
from petitions.console.pages import show
from petitions.delivery.deliveries import DeliveryRow, list_deliveries
from petitions.delivery.jobs import MAX_REASON, record_preview
from petitions.delivery.known import find_known
from petitions.errors import CampaignPurged, NotAllowed, NotPossible
from petitions.i18n import LANGUAGES, N_, Message, language_name
from petitions.lists.cuts import cut_now
from petitions.lists.plans import Plan, Profile
from petitions.lists.previewing import Preview, preview
from petitions.lists.profiles import PROFILES, Rules
from petitions.lists.signatures import plan_columns
from petitions.organisations.counting import find_standing
from petitions.signatures.counting import find_count
from petitions.signatures.models import Tally
from petitions.signatures.rollups import find_parts
from petitions.web.pages import see_other

_WRONG_COLUMNS = N_("Please number one column at least, with whole numbers like 1, 2, 3.")
_ALL = N_("All that were recorded")
_WRONG_PROFILE = N_("Please choose one of the list.")


@dataclass(frozen=True)
class Basis:
    """What a campaign has that a list can hold."""

    campaign: CampaignSnapshot
    count: int
    countries: Sequence[tuple[str, int]]  # code and share of the count
    languages: Sequence[tuple[str, int]]
    visibilities: Mapping[str, int]
    organisations: int
    on_paper: int
    deliveries: Sequence[DeliveryRow]  # of which it is known who was in them
    unknown: Sequence[DeliveryRow]  # the others

    @property
    def profiles(self) -> Mapping[Profile, Rules]:
        """Those that the campaign allows."""
        shows = self.campaign.terms.public_list == "full"
        return {one: rules for one, rules in PROFILES.items() if one is not Profile.PUBLIC or shows}


@dataclass(frozen=True)
class Asked:
    """A form as it was sent, or an empty one."""

    form: ExportForm
    columns: Mapping[Profile, Sequence[ColumnChoice]]
    plan: Plan | None = None  # where nothing is wrong
    errors: Mapping[str, Sequence[Message]] = field(default_factory=dict)


@for_desk(Permission.DOWNLOAD, password=True)
async def show_new(_request: Request, desk: Desk) -> Response:
    """What a list can be."""
    return await _show(desk, None)


@for_desk(Permission.DOWNLOAD)
async def leave_preview(_request: Request, desk: Desk) -> Response:
    """A preview is a form and has no address; whoever asks for one begins anew."""
    return see_other(desk.url(f"{desk.path}/exports/new"))


@for_desk(Permission.DOWNLOAD, password=True)
async def preview_export(_request: Request, desk: Desk) -> Response:
    """The first rows of the list that the form describes."""
    return await _show(desk, await desk.form(), wants_preview=True)


@for_desk(Permission.DOWNLOAD, password=True)
async def ask_export(_request: Request, desk: Desk) -> Response:
    """Have the list made."""
    data = await desk.form()
    if not _is_there(desk):
        return await _show(desk, data)
    basis = await desk.site.database.read(find_basis, desk)
    asked = _read(desk, basis, data)
    if asked.plan is None:
        return await _show(desk, data, 422)
    try:
        export_id = await desk.site.database.write(begin, desk, asked.plan, asked.form.reason.data or None)
    except CampaignPurged:
        return await _show(desk, data, 409, problem=ERASED)
    except NotPossible:
        return await _show(desk, data, 409, problem=await why_not(desk))
    return back_to(desk, export_id, "asked")


def find_basis(session: Session, desk: Desk) -> Basis:
    """From tallies and never from the rows of signatures."""
    campaign = get_snapshot(session, desk.campaign.slug)
    tally = session.get(Tally, campaign.id)
    deliveries = list_deliveries(session, campaign.id)
    return Basis(
        campaign=campaign,
        count=find_count(session, campaign.id),
        countries=find_parts(session, campaign.id, "country"),
        languages=find_parts(session, campaign.id, "language"),
        visibilities=dict(find_parts(session, campaign.id, "visibility")),
        organisations=find_standing(session, campaign.id).counted,
        on_paper=tally.paper if tally is not None else 0,
        deliveries=[row for row in deliveries if row.has_serials],
        unknown=[row for row in deliveries if not row.has_serials],
    )


def _is_there(desk: Desk) -> bool:
    return desk.campaign.published_at is not None and desk.campaign.purge_began_at is None


def _read(desk: Desk, basis: Basis, data: FormData | None) -> Asked:
    """What was sent, with what is wrong with it; or an empty form. Raises NotAllowed for a list that this lead may
    not have."""
    form = ExportForm(data)
    headings = {
        profile: {one.key: one.heading for one in plan_columns(basis.campaign, Plan(profile=profile), desk.words)}
        for profile in _offered(desk, basis)
    }
    columns = {profile: offer_columns(data, profile, headings[profile]) for profile in headings}
    if data is None:
        form.without.data = [ALL] if basis.deliveries else []
        return Asked(form, columns)
    chosen = form.profile.data
    if chosen in [str(one) for one in Profile] and not desk.may(PROFILES[Profile(chosen)].permission):
        raise NotAllowed
    form.validate()
    errors: dict[str, Any] = dict(form.errors)
    if chosen not in headings:
        errors["profile"] = [_WRONG_PROFILE]
        return Asked(form, columns, errors=errors)
    profile = Profile(chosen)
    ordered = order_columns(columns[profile])
    if ordered is None:
        errors["columns"] = [_WRONG_COLUMNS]
    if ALL in form.without.data and not basis.deliveries:
        errors["without"] = [CHANGED]  # without them it would be a list of everybody
    if errors or ordered is None:
        return Asked(form, columns, errors=errors)
    deliveries = [row.id for row in basis.deliveries]
    return Asked(form, columns, plan_of(form, ordered, tuple(headings[profile]), deliveries))


def _offered(desk: Desk, basis: Basis) -> Mapping[Profile, Rules]:
    """The profiles that this lead may have lists of."""
    return {profile: rules for profile, rules in basis.profiles.items() if desk.may(rules.permission)}


def _preview(session: Session, desk: Desk, campaign: CampaignSnapshot, plan: Plan) -> Preview:
    """Raises NotPossible."""
    known = find_known(session, campaign.id, plan.without)
    return preview(session, campaign, plan, cut_now(session, campaign.id, desk.now), known)


async def _look(desk: Desk, campaign: CampaignSnapshot, plan: Plan, reason: str | None) -> Preview:
    """The first rows; of lists with addresses it is written down before anybody sees them. Raises NotPossible and
    CampaignPurged."""
    shown: Preview = await desk.site.database.read(_preview, desk, campaign, plan)
    if PROFILES[plan.profile].permission is Permission.CONTACTS:
        rows = sum(len(section.rows) for section in shown.sections)
        await desk.site.database.write(
            record_preview, campaign.id, plan, rows, desk.actor, desk.now, reason and reason.strip()
        )
    return shown


async def _show(
    desk: Desk,
    data: FormData | None,
    status: int = 200,
    *,
    wants_preview: bool = False,
    problem: Message | None = None,
) -> Response:
    if not _is_there(desk):
        is_erased = desk.campaign.purge_began_at is not None
        return show(desk, "export_new.html", status if data is None else 409, basis=None, erased=is_erased)
    basis = await desk.site.database.read(find_basis, desk)
    asked = _read(desk, basis, data)
    shown: Preview | None = None
    if wants_preview and asked.plan is not None:
        try:
            shown = await _look(desk, basis.campaign, asked.plan, asked.form.reason.data or None)
        except NotPossible:
            problem, status = CHANGED, 409
        except CampaignPurged:
            problem, status = ERASED, 409
    elif wants_preview:
        status = 422
    return show(
        desk,
        "export_new.html",
        status,
        basis=basis,
        erased=False,
        form=asked.form,
        wrong=Wrong(asked.errors),
        columns=asked.columns,
        profiles=PROFILES,
        preview=shown,
        problem=problem,
        most_reason=MAX_REASON,
        **_choices(desk, basis, asked.form),
    )


def _choices(desk: Desk, basis: Basis, form: ExportForm) -> dict[str, Any]:
    """What one can choose, in words: lists of (value, words, meaning)."""
    say, number, offered = desk.words.translate, desk.words.number, _offered(desk, basis)
    countries = [
        (code, desk.words.country(code), number(many))
        for code, many in _with_chosen(basis.countries, form.countries.data)
    ]
    return {
        "whom": [(str(one), say(rules.name), say(rules.meaning)) for one, rules in offered.items()],
        "files": [(str(one), say(words), say(meaning)) for one, (words, meaning) in FORMATS.items()],
        "papers": [(str(one), say(words)) for one, words in PAPERS.items()],
        "interface": [
            ("", say(N_("The campaign’s own"))),
            *((code, language_name(code)) for code in LANGUAGES),
        ],
        "countries": sorted(countries, key=lambda one: one[1]),
        "languages": [
            (code, language_name(code), number(many))
            for code, many in _with_chosen(basis.languages, form.languages.data)
        ],
        "deliveries": [(ALL, say(_ALL), "") for _ in basis.deliveries[:1]]
        + [
            (
                str(row.id),
                name_delivery(row.recipient, row.delivered_on, desk.words),
                say(N_("Signatures: %(count)s", count=number(row.people))),
            )
            for row in basis.deliveries
        ],
        "unknown": [name_delivery(row.recipient, row.delivered_on, desk.words) for row in basis.unknown],
        "with_reason": [str(one) for one, rules in offered.items() if rules.needs_reason],
    }


def _with_chosen(offered: Sequence[tuple[str, int]], chosen: Sequence[str]) -> Sequence[tuple[str, int]]:
    """Also what was ticked and went meanwhile: a form that lost its tick would be of everybody."""
    known = [code for code, _ in offered]
    return [*offered, *((code, 0) for code in chosen if code not in known)]


@dataclass(frozen=True)
class Wrong:
    """What is wrong, as the summary above a form takes it."""

    errors: Mapping[str, Sequence[Message]]
