"""Making what a plan names: lists from one reading of the store, alone, as an archive, or as a signed pack."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.delivery.known import find_known
from petitions.delivery.packing import pack
from petitions.delivery.zips import ZipEntry, write_zip
from petitions.lists.cuts import Cut
from petitions.lists.documents import Counts, Output, Watcher
from petitions.lists.folders import MadeFile, SealedFolder
from petitions.lists.gathering import Gathered, Known, Site, gather
from petitions.lists.plans import Plan, Profile
from petitions.lists.serials import Serials
from petitions.lists.writing import write_files
from petitions.settings import Settings


@dataclass(frozen=True)
class Made:
    """What was made: one file as somebody gets it. It can be read as long as the folder is there."""

    name: str  # of letters, digits, dots and dashes
    rows: int  # of all lists, each once however many formats it has
    lists: tuple[MadeFile, ...]  # the file itself, or what lies in the archive besides its papers
    organisations: int
    counts: Counts
    cut_off: datetime
    serials: Serials = field(repr=False)
    paper_numbers: Serials = field(repr=False)
    manifest_sha256: str | None  # of a pack
    entries: Sequence[ZipEntry] | None = field(repr=False)  # None: a file alone

    def write_to(self, out: Output) -> None:
        """The file, from the beginning to the end. Raises OSError and SealBroken."""
        for chunk in self.read():
            out.write(chunk)

    def read(self) -> Iterator[bytes]:
        """The same, a chunk at a time."""
        if self.entries is None:
            yield from self.lists[0].read()
        else:
            yield from write_zip(self.entries)

    def to_json(self) -> Mapping[str, Any]:
        """What is kept of it beside the serials: {"files": [{"name", "rows", "size", "sha256"}], "people",
        "on_paper", "organisations", "counts", "manifest_sha256"}; `people` are rows of signatures in the list, and
        "counts" those of lists/documents.py."""
        return {
            "files": [{"name": f.name, "rows": f.rows, "size": f.size, "sha256": f.sha256} for f in self.lists],
            "people": len(self.serials),
            "on_paper": len(self.paper_numbers),
            "organisations": self.organisations,
            "counts": asdict(self.counts),
            "manifest_sha256": self.manifest_sha256,
        }


def make(
    database: Database,
    campaign: CampaignSnapshot,
    plan: Plan,
    cut: Cut,
    folder: Path,
    settings: Settings,
    watcher: Watcher,
) -> Made:
    """Read and write everything; `folder` takes it, encrypted. Raises NotPossible where the plan leaves out
    deliveries of which nobody knows what they held, ScriptsWithoutFont, StoreUnavailable, OSError, SealBroken, and
    what the watcher raises."""
    with database.reading() as session:
        known = find_known(session, campaign.id, plan.without)
    gathered = gather(database, campaign, _site(settings), plan, cut, known, folder, watcher)
    return _write(campaign, plan, cut, gathered, folder, settings, watcher, str(plan.profile))


def make_organisations(
    database: Database,
    campaign: CampaignSnapshot,
    plan: Plan,
    now: datetime,
    folder: Path,
    settings: Settings,
    watcher: Watcher,
) -> Made:
    """The same of the organisations alone, whatever else the plan says; also where the names of people are erased,
    for nobody's name is read."""
    nobody = Cut(now.replace(microsecond=0), 0, 0)
    plan = replace(plan, organisations=True, on_paper=False, pack=False, without=())
    known = Known(Serials(), Serials())
    gathered = gather(database, campaign, _site(settings), plan, nobody, known, folder, watcher)
    sections = tuple(section for section in gathered.document.sections if section.key == "organisations")
    gathered = replace(gathered, document=replace(gathered.document, sections=sections))
    return _write(campaign, plan, nobody, gathered, folder, settings, watcher, "organisations")


def _site(settings: Settings) -> Site:
    return Site(settings.site_name, settings.base_url)


def _write(
    campaign: CampaignSnapshot,
    plan: Plan,
    cut: Cut,
    gathered: Gathered,
    folder: Path,
    settings: Settings,
    watcher: Watcher,
    kind: str,
) -> Made:
    document, files = gathered.document, SealedFolder(folder)
    write_files(document, plan, files, watcher, fonts_dir=settings.fonts_dir)
    lists = tuple(files.files)
    entries: list[ZipEntry] | None = None
    manifest_sha256: str | None = None
    if plan.pack:
        kind, ending = "pack" if plan.profile is Profile.DELIVERY else f"{plan.profile}-pack", "zip"
        entries, manifest_sha256 = pack(campaign, plan, cut, gathered, lists, settings)
    elif len(lists) == 1:
        ending = lists[0].name.rpartition(".")[2]
    else:
        ending = "zip"
        entries = [ZipEntry(file.name, file.size, file.crc, file.read) for file in lists]
    return Made(
        name=f"{campaign.slug}-{cut.moment:%Y-%m-%d}-{kind}.{ending}",
        rows=document.rows,
        lists=lists,
        organisations=sum(section.rows for section in document.sections if section.key == "organisations"),
        counts=document.counts,
        cut_off=cut.moment,
        serials=gathered.serials,
        paper_numbers=gathered.paper_numbers,
        manifest_sha256=manifest_sha256,
        entries=entries,
    )
