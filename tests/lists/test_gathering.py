"""Reading a list: all of it at one moment, nothing of it in the clear on the disk."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from petitions.campaigns.models import Statement
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import ExportCancelled, SealBroken
from petitions.lists import signatures
from petitions.lists.cuts import Cut, cut_at, cut_now
from petitions.lists.documents import Wording
from petitions.lists.folders import working_folder
from petitions.lists.plans import Plan
from petitions.lists.spools import Spool
from petitions.settings import Settings
from petitions.signatures.models import Signature
from petitions.signatures.withdrawing import Withdraw
from tests import factories
from tests.lists.cast import NOON, add_paper
from tests.lists.made import Watcher, read, take


class Meddler(Watcher):
    """Changes the store while it is read."""

    def __init__(self, act: Any) -> None:
        super().__init__()
        self.act = act

    def advance(self, rows: int) -> None:
        super().advance(rows)
        self.act, act = (lambda: None), self.act
        act()


def test_what_happens_meanwhile_does_not_change_a_list(
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rows, counts, paper and organisations are of one moment, on both stores."""
    monkeypatch.setattr(signatures, "PAGE_SIZE", 2)
    drafts = [factories.sign_and_confirm(database, settings, campaign, name=f"Ana {n}") for n in range(6)]
    add_paper(database, campaign)

    def meddle() -> None:
        factories.sign_and_confirm(database, settings, campaign, name="Late")
        factories.act(database, Withdraw(factories.link_to(drafts[4]), utc_now()))
        factories.remove(database, drafts[5])
        with database.writing() as session:
            session.execute(update(Signature).where(Signature.id == drafts[3].id).values(name="Changed"))
        add_paper(database, campaign, name="Late on paper")
        factories.cosign(database, settings, campaign)

    everything = Cut(utc_now() + timedelta(days=1), 1_000, 1_000)  # so that nothing but the moment keeps them out
    plan = Plan(on_paper=True, organisations=True)
    gathered = take(database, campaign, tmp_path / "s", plan, cut=everything, watcher=Meddler(meddle))
    people, paper, organisations = gathered.document.sections
    assert [row["name"] for row in read(people)] == [f"Ana {n}" for n in range(6)]
    assert list(gathered.serials) == [1, 2, 3, 4, 5, 6]
    assert [row["name"] for row in read(paper)] == ["Paula Paper"]
    assert organisations.rows == 0
    counts = gathered.document.counts
    assert (counts.named, counts.removed, counts.on_paper, counts.organisations) == (6, {}, 1, 0)
    with database.reading() as session:
        assert len(session.scalars(select(Signature)).all()) == 6  # one came, one went


def test_it_says_how_far_it_is_and_can_be_cancelled(
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(signatures, "PAGE_SIZE", 2)
    for _ in range(5):
        factories.sign_and_confirm(database, settings, campaign)
    watcher = Watcher()
    take(database, campaign, tmp_path / "s", watcher=watcher)
    assert (watcher.phases, watcher.done) == ([("reading", 5)], [5])

    def cancel() -> None:
        raise ExportCancelled

    with pytest.raises(ExportCancelled):
        take(database, campaign, tmp_path / "s", watcher=Meddler(cancel))


def test_nothing_of_it_lies_in_the_clear_and_nothing_stays(
    database: Database, settings: Settings, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    factories.sign_and_confirm(database, settings, campaign, name="Planted Name")
    with working_folder(tmp_path / "exports") as folder:
        assert (tmp_path / "exports").stat().st_mode & 0o777 == 0o700
        assert folder.stat().st_mode & 0o777 == 0o700
        section = take(database, campaign, folder).document.sections[0]
        assert read(section) == read(section) != []
        (spool,) = folder.iterdir()
        assert b"Planted" not in spool.read_bytes()
        assert "Planted" not in repr(section)
        damaged = bytearray(spool.read_bytes())
        damaged[20] ^= 1
        spool.write_bytes(damaged)
        with pytest.raises(SealBroken):
            read(section)
    assert list((tmp_path / "exports").iterdir()) == []


def test_the_document_says_what_it_is(database: Database, tmp_path: Path) -> None:
    campaign = factories.make_campaign(
        database,
        languages=("de", "es"),
        addressees=[{"name": {"de": "Die Botschaft", "es": "La embajada"}}, {"name": "Der Minister"}],
    )
    with database.writing() as session:
        session.add(
            Statement(
                campaign_id=campaign.id,
                language="es",
                version=0,
                title="Alt",
                summary="",
                body="",
                demands=[],
                created_at=NOON,
                retired_at=NOON,
            )
        )
    document = take(database, campaign, tmp_path / "s", Plan(language="es")).document
    assert document.url == "https://petitions.example/c/free-boris"
    assert (document.site_name, document.slug, document.language) == ("Petitions of ours", "free-boris", "es")
    assert document.title == "Free Boris"
    assert document.addressees == ("La embajada", "Der Minister")
    assert document.responsible == "Example Committee"
    assert [(w.language, w.version, w.in_force) for w in document.wordings] == [
        ("es", 1, True),
        ("de", 1, True),
        ("es", 0, False),
    ]
    assert document.wordings[0] == Wording(
        language="es",
        version=1,
        title="Free Boris",
        summary="A sociologist is arrested.",
        body="He spoke **freely**.\n\nWe answer.",
        demands=("His release.", "The dropping of all charges."),
        in_force=True,
    )
    own = take(database, campaign, tmp_path / "s", Plan(language="fr")).document
    assert own.language == "fr"
    assert own.wordings[0].language == "de"  # there is no statement in French


def test_cuts(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    moment = NOON + timedelta(microseconds=9)
    with database.reading() as session:
        assert cut_now(session, campaign.id, moment) == cut_at(session, campaign.id, moment) == Cut(NOON, 0, 0)
        assert cut_now(session, 10**6, moment) == Cut(NOON, 0, 0)
    factories.sign_and_confirm(database, settings, campaign, arrived_at=NOON)
    factories.sign_and_confirm(database, settings, campaign, arrived_at=NOON + timedelta(hours=1))
    add_paper(database, campaign, entered_at=NOON)
    with database.reading() as session:
        assert cut_now(session, campaign.id, moment) == Cut(NOON, 2, 1)
        assert cut_at(session, campaign.id, moment) == Cut(NOON, 0, 1)
        assert cut_at(session, campaign.id, NOON + timedelta(minutes=1)).through_serial == 1
        assert cut_at(session, campaign.id, NOON + timedelta(days=1)) == Cut(NOON + timedelta(days=1), 2, 1)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool", 4)
    yield spool
    spool.abandon()


def test_a_spool_gives_pages_back_and_knows_what_is_in_them(spool: Spool) -> None:
    first: list[list[Any]] = [[1, 2], ["Añá\n", None], ["ES", "XX"], [None, ""]]
    second: list[list[Any]] = [[3], ["\u2028"], [None], [None]]
    spool.add(first)
    spool.add(second)
    spool.close()
    assert spool.filled == [True, True, True, False]
    assert spool.rows == 3
    assert list(spool.pages((0, 1, 2, 3))) == [first, second]
    assert list(spool.pages((2, 0))) == [[first[2], first[0]], [second[2], second[0]]]
    assert spool.size > 60


def test_a_spool_with_pages_longer_than_its_chunks(spool: Spool) -> None:
    pages: list[list[list[Any]]] = [[[n] * 2, ["x" * 300_000] * 2, ["ES"] * 2, [None] * 2] for n in range(4)]
    for page in pages:
        spool.add(page)
    spool.close()
    assert list(spool.pages((0, 1, 2, 3))) == pages
