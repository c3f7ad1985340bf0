"""The organisations that co-sign as CSV: what the public page shows of each, and nobody who speaks for it."""

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from babel import Locale
from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.audit.recording import Actor, record
from petitions.campaigns.models import Statement
from petitions.campaigns.queries import CampaignSnapshot
from petitions.delivery.csv_export import BOM, safe_cell
from petitions.i18n import LANGUAGES, N_, SOURCE_LANGUAGE, translator
from petitions.organisations.kinds import KINDS
from petitions.organisations.models import APPROVED, Organisation

#: The columns, with their headings.
_COLUMNS = {
    "number": N_("Number"),
    "name": N_("Name of the organisation"),
    "kind": N_("Kind"),
    "country": N_("Country"),
    "city": N_("City"),
    "website": N_("Website"),
    "members": N_("Members represented"),
    "comment": N_("Public words"),
    "language": N_("Language"),
    "wording": N_("Signed wording"),
    "approved": N_("Approved on"),
}


@dataclass(frozen=True)
class OrganisationList:
    """The file, whole: organisations are few."""

    content: bytes = field(repr=False)  # UTF-8
    rows: int

    @property
    def digest(self) -> str:
        """By which the file is known again."""
        return hashlib.sha256(self.content).hexdigest()


def make_list(session: Session, campaign: CampaignSnapshot, *, bom: bool = False) -> OrganisationList:
    """All that are shown, in the order of their requests, with headings in the campaign's language."""
    language = campaign.default_language
    words = translator(language if language in LANGUAGES else SOURCE_LANGUAGE)
    kinds = {kind: words.translate(name) for kind, name in KINDS.items()}
    # The campaign's own language need not be one of the interface: CLDR has names in far more.
    countries = Locale.parse(language, sep="-").territories
    rows = _find_rows(session, campaign.id)
    out = io.StringIO(newline="")
    out.write(BOM if bom else "")
    lines = csv.writer(out)
    lines.writerow([words.translate(heading) for heading in _COLUMNS.values()])
    for place, row in enumerate(rows, 1):
        lines.writerow(
            [
                place,  # and not its number: gaps would count who asked and is not shown
                safe_cell(row.name),
                kinds.get(row.kind, row.kind),
                countries.get(row.country, row.country),
                safe_cell(row.city or ""),
                safe_cell(row.website or ""),
                row.members if row.members is not None else "",
                safe_cell(row.comment or ""),
                row.language,
                f"{row.wording_language} {row.wording_version}",
                f"{row.decided_at:%Y-%m-%d}" if row.decided_at is not None else "",
            ]
        )
    return OrganisationList(out.getvalue().encode(), len(rows))


def _find_rows(session: Session, campaign_id: int) -> Sequence[Any]:
    shown = (
        Organisation.name,
        Organisation.kind,
        Organisation.country,
        Organisation.city,
        Organisation.website,
        Organisation.members,
        Organisation.comment,
        Organisation.language,
        Organisation.decided_at,
    )
    query = (
        select(
            *shown,
            Statement.language.label("wording_language"),
            Statement.version.label("wording_version"),
        )
        .join(Statement, Statement.id == Organisation.statement_id)
        .where(Organisation.campaign_id == campaign_id, Organisation.state == APPROVED)
        .order_by(Organisation.number)
    )
    return session.execute(query).all()


def record_download(
    session: Session, campaign_id: int, actor: Actor, made: OrganisationList, now: datetime
) -> None:
    """Write down that somebody takes the list along, before they get it."""
    record(session, actor, "organisations.downloaded", now, campaign_id, rows=made.rows, sha256=made.digest)
