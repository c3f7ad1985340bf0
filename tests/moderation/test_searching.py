"""Searching signatures: everything that is asked for and nothing else, in pages that look at a bounded number of
rows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.moderation import searching
from petitions.moderation.conditions import STATES, Conditions, key_of
from petitions.moderation.hiding import set_comment_state, set_name_hidden
from petitions.moderation.removing import remove_signatures
from petitions.moderation.searching import Way, find_page, find_way, list_unread, look
from petitions.settings import Settings
from petitions.signatures.confirming import Confirmation, store_confirmations
from petitions.signatures.drafting import NewDraft, store_drafts
from petitions.signatures.models import COMMENT_APPROVED, COMMENT_HIDDEN, COMMENT_UNREAD, Signature
from tests.factories import make_campaign, make_draft
from tests.signatures.test_listing import statements

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
pytestmark = pytest.mark.plans


def sign_all(
    database: Database, settings: Settings, campaign: CampaignSnapshot, *changes: dict[str, Any]
) -> list[UUID]:
    """Signatures in this order, an hour between each; their ids."""
    drafts: list[NewDraft] = []
    for number, change in enumerate(changes):
        draft = make_draft(campaign, settings, **{"arrived_at": NOON} | change)
        drafts.append(replace(draft, arrived_at=NOON + timedelta(hours=number)))
    with database.writing() as session:
        store_drafts(session, drafts, None)
        store_confirmations(session, [Confirmation(d.campaign_id, d.id, d.arrived_at) for d in drafts])
    return [draft.id for draft in drafts]


def find(database: Database, campaign: CampaignSnapshot, conditions: Conditions) -> list[int]:
    """The numbers of all pages, in their order."""
    numbers: list[int] = []
    before: int | None = None
    while True:
        with database.reading() as session:
            page = find_page(session, campaign.id, conditions, before)
        assert len(page.rows) <= searching.PAGE_SIZE
        numbers += [row.serial for row in page.rows]
        if page.next_key is None:
            return numbers
        assert before is None or page.next_key < before
        before = page.next_key


@pytest.fixture
def several(database: Database, settings: Settings, campaign: CampaignSnapshot) -> CampaignSnapshot:
    """Eight signatures that differ in everything, and another campaign."""
    people: list[dict[str, Any]] = [
        {"name": "Ana Sánchez", "email": "Ana.Sanchez@gmail.com", "comment": "Free him."},
        {"name": "Boris Ana", "country": "FR", "language": "fr", "visibility": "initials"},
        {"name": "Ana López", "country": "FR", "visibility": "addressee", "email": "ana@uni.example"},
        {"name": None, "visibility": "anonymous", "email": "nobody@uni.example"},
        {"name": "Carla Sanz", "comment": "Now!", "language": "es"},
        {"name": "Dora Removed", "comment": "Buy this"},
        {"name": "Emil Hidden", "comment": "An insult"},
        {"name": "Fritz Name-Hidden"},
    ]
    ids = sign_all(database, settings, campaign, *people)
    with database.writing() as session:
        remove_signatures(session, campaign.id, [ids[5]], "robot", utc_now())
        set_comment_state(session, campaign.id, [ids[6]], COMMENT_HIDDEN)
        set_comment_state(session, campaign.id, [ids[4]], COMMENT_APPROVED)
        set_name_hidden(session, campaign.id, [ids[7]], hidden=True)
    other = make_campaign(database, slug="free-carla")
    other_ids = sign_all(database, settings, other, *people[:3], {"comment": "x"}, {"comment": "x"})
    with database.writing() as session:
        set_name_hidden(session, other.id, other_ids[:2], hidden=True)
        set_comment_state(session, other.id, other_ids[3:4], COMMENT_HIDDEN)
        remove_signatures(session, other.id, other_ids[2:3], "robot", utc_now())
    return campaign


#: What is asked for, and the numbers that are found.
FINDS: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [8, 7, 6, 5, 4, 3, 2, 1]),
    ({"name": "ana"}, [3, 2, 1]),
    ({"name": "san"}, [5, 1]),
    ({"name": "san an"}, [1]),
    ({"name": "boris"}, [2]),
    ({"name": "name hidden"}, [8]),
    ({"name": "hidden"}, [8, 7]),
    ({"name": "zapata"}, []),
    ({"name": "%"}, []),
    ({"email": "anasanchez+x@googlemail.com"}, [1]),
    ({"email": "nobody@uni.example"}, [4]),
    ({"email": "ana@example.com"}, []),
    ({"email": "nobody@uni.example", "name": "ana"}, []),
    ({"domain": "uni.example"}, [4, 3]),
    ({"domain": "uni.example", "name": "ana"}, [3]),
    ({"domain": "gmail.com"}, [1]),
    ({"country": "FR"}, [3, 2]),
    ({"country": "FR", "language": "fr"}, [2]),
    ({"language": "es"}, [5]),
    ({"state": "removed"}, [6]),
    ({"state": "hidden"}, [8, 7]),
    ({"state": "unread"}, [1]),
    ({"state": "counted"}, [8, 7, 5, 4, 3, 2, 1]),
    ({"state": "hidden", "name": "emil"}, [7]),
    ({"state": "removed", "country": "FR"}, []),
    ({"since": NOON + timedelta(hours=6)}, [8, 7]),
    ({"until": NOON + timedelta(hours=2)}, [2, 1]),
    ({"since": NOON + timedelta(hours=1), "until": NOON + timedelta(hours=3)}, [3, 2]),
    ({"since": NOON + timedelta(hours=1), "name": "ana"}, [3, 2]),
    ({"since": NOON + timedelta(days=9)}, []),
    ({"until": NOON - timedelta(days=9)}, []),
]


def test_it_finds_everything_that_is_asked_for_and_nothing_else(
    database: Database, settings: Settings, several: CampaignSnapshot
) -> None:
    for asked, numbers in FINDS:
        others = {key: value for key, value in asked.items() if key != "email"}
        key = key_of(asked["email"], settings.email_key) if "email" in asked else None
        assert (asked, find(database, several, Conditions(email_key=key, **others))) == (asked, numbers)


def test_an_address_is_looked_for_within_the_serials_that_are_meant(
    database: Database, settings: Settings, several: CampaignSnapshot
) -> None:
    """A job removes nobody who signed after its preview."""
    asked = Conditions(email_key=key_of("nobody@uni.example", settings.email_key))
    with database.reading() as session:
        found = [
            bool(look(session, several.id, asked, Way(start, end), 9).found)
            for start, end in ((1, 3), (4, 4), (5, 9))
        ]
    assert found == [False, True, False]


def test_a_moderator_sees_of_the_mail_address_its_domain_alone(
    database: Database, several: CampaignSnapshot
) -> None:
    with database.reading() as session:
        row = find_page(session, several.id, Conditions(name="sanchez")).rows[0]
    seen = row._asdict()
    assert not {"email", "email_key", "answers"} & set(seen)
    assert [value for value in seen.values() if "@" in str(value) or "anasanchez" in str(value).lower()] == []
    assert row.domain == "gmail.com"


@pytest.fixture
def small_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few rows at once that a handful of signatures needs many."""
    for name, rows in (("PAGE_SIZE", 3), ("_FIRST_READ", 2), ("_READ", 3), ("_MOST_READ", 6)):
        monkeypatch.setattr(searching, name, rows)


_names = st.sampled_from(["Ana Boris", "Ana", "Anabel Ana", "Boris Bär", "Bea", None])
_domains = st.sampled_from(["gmail.com", "uni.example"])
_signers = st.fixed_dictionaries(
    {
        "name": _names,
        "domain": _domains,
        "country": st.sampled_from(["ES", "FR"]),
        "language": st.sampled_from(["en", "es"]),
        "visibility": st.sampled_from(["public", "initials", "addressee"]),
        "comment": st.sampled_from([None, "Yes"]),
        "removed": st.booleans(),
        "name_hidden": st.booleans(),
        "comment_state": st.sampled_from([COMMENT_UNREAD, COMMENT_APPROVED, COMMENT_HIDDEN]),
    }
)
_hours = st.none() | st.integers(-1, 13).map(lambda hours: NOON + timedelta(hours=hours))
_asked = st.builds(
    Conditions,
    name=st.sampled_from(["", "", "a", "ana", "ana bo", "b"]),
    domain=st.none() | _domains,
    country=st.none() | st.sampled_from(["ES", "FR"]),
    language=st.none() | st.sampled_from(["en", "es"]),
    state=st.none() | st.sampled_from(STATES),
    since=_hours,
    until=_hours,
)


def fits(row: Signature, asked: Conditions) -> bool:
    """The same said once more, without the store."""
    states = {
        None: True,
        "counted": row.removed_at is None,
        "removed": row.removed_at is not None,
        "hidden": row.name_hidden or row.comment_state == COMMENT_HIDDEN,
        "unread": bool(
            row.comment
            and row.comment_state == COMMENT_UNREAD
            and row.visibility in ("public", "addressee")
            and row.removed_at is None
        ),
    }
    return (
        states[asked.state]
        and asked.matches_name(row.name)
        and asked.domain in (None, row.domain)
        and asked.country in (None, row.country)
        and asked.language in (None, row.language)
        and (asked.since is None or row.confirmed_at >= asked.since)
        and (asked.until is None or row.confirmed_at < asked.until)
    )


@given(st.lists(_signers, min_size=1, max_size=12), st.lists(_asked, min_size=1, max_size=8), st.data())
@hypothesis_settings(max_examples=15)
@pytest.mark.usefixtures("small_reads")
def test_pages_and_steps_find_what_a_look_at_every_signature_finds(
    database: Database,
    settings: Settings,
    signers: list[dict[str, Any]],
    asked: list[Conditions],
    data: st.DataObject,
) -> None:
    campaign = make_campaign(database, slug=f"campaign-{utc_now().timestamp():.6f}".replace(".", "-"))
    said = ("name", "country", "language", "visibility", "comment")
    people = [
        {key: one[key] for key in said} | {"email": f"p{number}@{one['domain']}"}
        for number, one in enumerate(signers)
    ]
    ids = sign_all(database, settings, campaign, *people)
    with database.writing() as session:
        for signature_id, one in zip(ids, signers, strict=True):
            if one["removed"]:
                remove_signatures(session, campaign.id, [signature_id], "robot", NOON)
            set_name_hidden(session, campaign.id, [signature_id], hidden=one["name_hidden"])
            set_comment_state(session, campaign.id, [signature_id], one["comment_state"])
    with database.reading() as session:
        rows = session.scalars(
            select(Signature).where(Signature.campaign_id == campaign.id).order_by(Signature.serial)
        ).all()
    common = data.draw(st.sampled_from([0, 3, 20_000]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "_COMMON", common)
        for conditions in asked:
            expected = [row.serial for row in rows if fits(row, conditions)]
            assert find(database, campaign, conditions) == expected[::-1]
            assert steps(database, campaign, conditions) == expected


def steps(database: Database, campaign: CampaignSnapshot, conditions: Conditions) -> list[int]:
    """What a job finds that looks at two rows in each of its steps."""
    found: list[int] = []
    with database.reading() as session:
        way = find_way(session, campaign.id, conditions)
        while True:
            seen = look(session, campaign.id, conditions, way, 2)
            assert len(seen.found) <= 2
            found += [serial for serial, _id in seen.found]
            if seen.through is None:
                return found
            assert way.start <= seen.through <= way.end
            way = replace(way, start=seen.through + 1)


def test_clocks_that_differ_by_minutes_hide_nobody(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Two servers give serials in the order of their commits; the times that they note need not rise."""
    ids = sign_all(database, settings, campaign, *({} for _ in range(12)))
    minutes = (0, 9, 1, 2, 8, 3, 12, 4, 13, 5, 14, 6)
    with database.writing() as session:
        for signature_id, minute in zip(ids, minutes, strict=True):
            moment = NOON + timedelta(minutes=minute)
            session.execute(update(Signature).where(Signature.id == signature_id).values(confirmed_at=moment))
    for low in (0, 3, 9, 12):
        for high in (low, 4, 10, 15):
            asked = Conditions(since=NOON + timedelta(minutes=low), until=NOON + timedelta(minutes=high))
            expected = [n + 1 for n, minute in enumerate(minutes) if low <= minute < high]
            assert find(database, campaign, asked) == expected[::-1]


def test_unread_comments_come_with_the_oldest_first(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_all(database, settings, campaign, *({"comment": f"c{n}"} for n in range(5)), {}, {"comment": "last"})
    with database.reading() as session:
        first = list_unread(session, campaign.id, 0, 4)
        assert first.next_key is not None
        second = list_unread(session, campaign.id, first.next_key, 4)
    assert [row.comment for row in first.rows] == ["c0", "c1", "c2", "c3"]
    assert ([row.comment for row in second.rows], second.next_key) == (["c4", "last"], None)


#: What is asked for, and the index that has to find it.
PLANS: list[tuple[dict[str, Any], str]] = [
    ({}, "uq_signatures_campaign_id_serial"),
    ({"state": "counted"}, "uq_signatures_campaign_id_serial"),
    ({"language": "es"}, "uq_signatures_campaign_id_serial"),
    ({"email_key": b"k" * 16}, "uq_signatures_email_key_campaign_id"),
    ({"domain": "uni.example"}, "ix_signatures_domain"),
    ({"domain": "uni.example", "country": "ES", "state": "removed"}, "ix_signatures_domain"),
    ({"country": "ES"}, "ix_signatures_country"),
    ({"state": "removed"}, "ix_signatures_removed"),
    ({"state": "hidden"}, "ix_signatures_hidden"),
    ({"state": "unread"}, "ix_signatures_unread"),
    ({"state": "removed", "country": "ES"}, "ix_signatures_removed"),
]


def test_the_indexes_answer(database: Database, campaign: CampaignSnapshot) -> None:
    """Whatever is asked for, the rows come in their order from the index that serves it best."""
    # SQLite numbers the indexes of its constraints.
    by_constraint = {
        "uq_signatures_campaign_id_serial": "(campaign_id=? AND serial>? AND serial<?)",
        "uq_signatures_email_key_campaign_id": "(email_key=?)",
    }
    for asked, index in PLANS:
        plan = plans(database, campaign, Conditions(**asked))[0]
        wanted = by_constraint.get(index, index) if database.is_sqlite else index
        assert wanted in plan, plan
        if "email_key" not in asked:  # one row has its order
            assert "TEMP B-TREE" not in plan, plan
            assert "Sort" not in plan, plan


def test_the_index_answers_for_unread_comments(database: Database, campaign: CampaignSnapshot) -> None:
    with database.reading() as session:
        with statements(database) as asked:
            list_unread(session, campaign.id, 0, 25)
        (plan,) = explain(session, database, asked)
    assert "ix_signatures_unread" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


def test_the_indexes_answer_for_names(database: Database, campaign: CampaignSnapshot) -> None:
    found = plans(database, campaign, Conditions(name="ana"))
    counting, serials = found[:2]
    for table in ("signature_words", "unlisted_words"):
        for plan in (counting, serials):
            if database.is_sqlite:
                assert f"SEARCH {table} USING PRIMARY KEY (campaign_id=? AND word>? AND word<?)" in plan, plan
            else:
                assert f"pk_{table}" in plan, plan
                # A range of the index, and no filter over all words of the campaign.
                assert plan.count(">= 'ana'") == 2, plan
                assert [line for line in plan.splitlines() if "Filter" in line and "word" in line] == []


def plans(database: Database, campaign: CampaignSnapshot, conditions: Conditions) -> list[str]:
    """How the store goes about each query of a page."""
    with database.reading() as session:
        with statements(database) as asked:
            find_page(session, campaign.id, conditions, 7)
        return explain(session, database, asked)


def explain(session: Session, database: Database, asked: list[tuple[str, Any]]) -> list[str]:
    """The plans of these queries."""
    command = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    found = []
    for statement, parameters in [entry for entry in asked if entry[0].startswith("SELECT")]:
        rows = session.connection().exec_driver_sql(command + statement, parameters).all()
        found.append("\n".join(str(row[-1]) for row in rows))
    return found


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_a_page_looks_at_a_bounded_number_of_rows(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many signatures there are of which none is like that."""
    for name, rows in (("_FIRST_READ", 4), ("_READ", 8), ("_MOST_READ", 20)):
        monkeypatch.setattr(searching, name, rows)
    sign_all(database, settings, campaign, *({} for _ in range(60)))
    with statements(database) as asked, database.reading() as session:
        page = find_page(session, campaign.id, Conditions(language="fr"))
    limits = [parameters[-2] for statement, parameters in asked if "LIMIT" in statement]
    assert limits == [4, 8, 8]
    assert (page.rows, page.next_key) == ((), 60 - 20 + 1)
