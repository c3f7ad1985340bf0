"""Reading a list from the store, all of it at one moment: its counts are of these very rows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.campaigns.models import Statement
from petitions.campaigns.queries import CampaignSnapshot
from petitions.campaigns.terms import text_in
from petitions.db import Database
from petitions.i18n import LANGUAGES, SOURCE_LANGUAGE, Translator, choose_language, translator
from petitions.lists.columns import Column, Page
from petitions.lists.counts import count_all
from petitions.lists.cuts import Cut
from petitions.lists.documents import Counts, Document, Section, Watcher, Wording
from petitions.lists.organisation_rows import plan_organisation_columns, read_organisations
from petitions.lists.paper_rows import PROFILES, plan_paper_columns, read_paper
from petitions.lists.plans import Plan
from petitions.lists.serials import Serials
from petitions.lists.signatures import plan_columns, read_signatures
from petitions.lists.spools import Spool


@dataclass(frozen=True)
class Site:
    """What a list says about where it comes from."""

    name: str
    base_url: str


@dataclass(frozen=True)
class Known:
    """Which signatures earlier deliveries held, where those are left out."""

    serials: Serials
    paper_numbers: Serials


@dataclass(frozen=True)
class Gathered:
    """A list in hand, and who is in it."""

    document: Document
    serials: Serials
    paper_numbers: Serials


def gather(
    database: Database,
    campaign: CampaignSnapshot,
    site: Site,
    plan: Plan,
    cut: Cut,
    known: Known,
    folder: Path,
    watcher: Watcher,
) -> Gathered:
    """Read everything that the plan names; `folder` takes it, unreadable for others, until the files are made.
    Raises StoreUnavailable, OSError, and what the watcher raises."""
    words = list_translator(campaign, plan)
    serials, paper_numbers = Serials(), Serials()
    with database.snapshot() as session:
        counts = count_all(session, campaign.id, cut)
        watcher.begin("reading", counts.counted)
        sections = [
            _spool(
                "signatures",
                words.gettext("Signatures"),
                plan_columns(campaign, plan, words),
                lambda columns: read_signatures(
                    session, campaign, plan, cut.through_serial, columns, known.serials
                ),
                folder,
                serials,
                watcher,
            )
        ]
        if plan.on_paper and plan.profile in PROFILES:
            sections.append(
                _spool(
                    "paper",
                    words.gettext("Signatures on paper"),
                    plan_paper_columns(campaign, plan, words),
                    lambda columns: read_paper(
                        session, campaign, plan, cut.through_number, columns, known.paper_numbers
                    ),
                    folder,
                    paper_numbers,
                    watcher,
                )
            )
        if plan.organisations:
            sections.append(
                _spool(
                    "organisations",
                    words.gettext("Organisations"),
                    plan_organisation_columns(campaign, plan, words),
                    lambda _columns: read_organisations(session, campaign, plan, cut),
                    folder,
                    Serials(),
                    watcher,
                )
            )
        wordings = _list_wordings(session, campaign, plan)
    document = _describe(campaign, site, plan, cut, counts, wordings, words, sections)
    return Gathered(document, serials, paper_numbers)


def list_translator(campaign: CampaignSnapshot, plan: Plan) -> Translator:
    """The words of a list, in the interface language nearest to the one that somebody asked for."""
    language = plan.language or campaign.default_language
    return translator(choose_language([language], LANGUAGES) or SOURCE_LANGUAGE)


def _spool(
    key: str,
    title: str,
    columns: tuple[Column, ...],
    read: Callable[[Sequence[Column]], Iterator[tuple[list[int], Page]]],
    folder: Path,
    numbers: Serials,
    watcher: Watcher,
) -> Section:
    spool = Spool(folder / f"{key}.spool", len(columns))
    try:
        for found, page in read(columns):
            numbers.add_all(found)
            spool.add(page)
            watcher.advance(len(found))
        spool.close()
    except BaseException:
        spool.abandon()
        raise
    # A list without rows keeps its headings: an empty one with two columns would look like another list.
    kept = [n for n, is_filled in enumerate(spool.filled) if is_filled or not spool.rows]
    return Section(
        key,
        title,
        tuple(columns[n] for n in kept),
        spool.rows,
        partial(spool.pages, tuple(kept)),
        spool.size,
    )


def _list_wordings(session: Session, campaign: CampaignSnapshot, plan: Plan) -> tuple[Wording, ...]:
    """Every wording that was ever offered: those in force first, the language of the list before the others."""
    first = plan.language if plan.language in campaign.statements else campaign.default_language
    rows = session.scalars(
        select(Statement)
        .where(Statement.campaign_id == campaign.id)
        .order_by(Statement.language, Statement.version.desc())
    )
    wordings = [
        Wording(
            row.language,
            row.version,
            row.title,
            row.summary,
            row.body,
            tuple(row.demands),
            in_force=row.retired_at is None,
        )
        for row in rows
    ]
    wordings.sort(key=lambda one: (not one.in_force, one.language != first))
    return tuple(wordings)


def _describe(
    campaign: CampaignSnapshot,
    site: Site,
    plan: Plan,
    cut: Cut,
    counts: Counts,
    wordings: tuple[Wording, ...],
    words: Translator,
    sections: Sequence[Section],
) -> Document:
    language = plan.language or campaign.default_language
    statement = campaign.statements.get(language) or campaign.statements[campaign.default_language]
    return Document(
        slug=campaign.slug,
        url=f"{site.base_url}/c/{campaign.slug}",
        site_name=site.name,
        language=words.language,
        title=statement.title,
        wordings=wordings,
        addressees=tuple(text_in(name, language, campaign.default_language) for name in campaign.terms.addressees),
        responsible=campaign.terms.responsible.name,
        cut_off=cut.moment,
        counts=counts,
        sections=tuple(sections),
    )
