"""What the tests of deliveries share."""

import io
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from petitions.audit.models import AuditEntry
from petitions.audit.recording import Actor
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery import jobs
from petitions.delivery.making import Made, make
from petitions.delivery.models import ExportJob
from petitions.delivery.running import run_job
from petitions.errors import ExportCancelled
from petitions.ids import new_id
from petitions.lists.cuts import Cut, cut_now
from petitions.lists.plans import Plan
from petitions.settings import Settings

LEA = Actor(new_id(), "Lea Lead")


@dataclass
class Watched:
    """Looks on, and wants nothing more after so many rows."""

    most: int = 1_000_000_000
    phases: list[str] = field(default_factory=list)
    rows: int = 0

    def begin(self, phase: str, rows: int) -> None:
        assert rows >= 0
        self.phases.append(phase)

    def advance(self, rows: int) -> None:
        self.rows += rows
        if self.rows > self.most:
            raise ExportCancelled


def cut_of(database: Database, campaign: CampaignSnapshot) -> Cut:
    """Everything until now."""
    with database.reading() as session:
        return cut_now(session, campaign.id, utc_now())


def made(
    database: Database,
    campaign: CampaignSnapshot,
    settings: Settings,
    folder: Path,
    plan: Plan | None = None,
    cut: Cut | None = None,
) -> tuple[Made, bytes]:
    """What a plan makes, and its bytes."""
    folder.mkdir(exist_ok=True)
    cut = cut or cut_of(database, campaign)
    done = make(database, campaign, plan or Plan(), cut, folder, settings, Watched())
    return done, b"".join(done.read())


def unzipped(content: bytes) -> dict[str, bytes]:
    """The files of an archive, as another program reads them."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def begin(
    database: Database, campaign: CampaignSnapshot, plan: Plan | None = None, reason: str | None = None
) -> UUID:
    """Ask for a list, as Lea."""
    with database.writing() as session:
        return jobs.begin(session, campaign, plan or Plan(), LEA, utc_now(), reason)


def find_job(database: Database, campaign: CampaignSnapshot, job_id: UUID) -> ExportJob:
    """A job as it stands."""
    with database.reading() as session:
        return jobs.get_job(session, campaign.id, job_id)


def list_logged(database: Database, start: str = "export.") -> list[AuditEntry]:
    """The entries of the log whose action begins so."""
    with database.reading() as session:
        entries = session.query(AuditEntry).order_by(AuditEntry.id).all()
    return [entry for entry in entries if entry.action.startswith(start)]


def made_job(
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    plan: Plan | None = None,
    reason: str | None = None,
) -> ExportJob:
    """A job that is done."""
    job_id = begin(database, campaign, plan, reason)
    run_job(database, settings, job_id, new_id())
    job = find_job(database, campaign, job_id)
    assert job.state == jobs.DONE, job.problem
    return job
