"""The public list: everybody as they chose, each once, found by the beginning of any word."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import event, text, update

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.names import folded_words
from petitions.settings import Settings
from petitions.signatures import listing
from petitions.signatures.confirming import Confirmation, store_confirmations
from petitions.signatures.drafting import store_drafts
from petitions.signatures.listing import ShownSigner, SignerPage, list_latest, list_page, search, show
from petitions.signatures.models import Signature
from tests.factories import make_campaign, make_draft, sign, sign_and_confirm


def sign_all(
    database: Database, settings: Settings, campaign: CampaignSnapshot, names: Sequence[str], **changes: Any
) -> None:
    """Signatures under these names, in this order."""
    drafts = [make_draft(campaign, settings, name=name, **changes) for name in names]
    if not drafts:
        return
    with database.writing() as session:
        store_drafts(session, drafts, None)
        store_confirmations(session, [Confirmation(d.campaign_id, d.id, d.arrived_at) for d in drafts])


def page(database: Database, campaign: CampaignSnapshot, before: int | None = None, limit: int = 50) -> SignerPage:
    with database.reading() as session:
        return list_page(session, campaign.id, before, limit)


def find(database: Database, campaign: CampaignSnapshot, words: str) -> list[str]:
    """The names of the first page that a search finds, sorted."""
    with database.reading() as session:
        found = search(session, campaign.id, words, None)
    assert found.next_key is None
    return sorted(signer.name for signer in found.signers)


def find_all(database: Database, campaign: CampaignSnapshot, words: str, limit: int) -> list[str]:
    """The names of all pages, in their order."""
    names: list[str] = []
    after: tuple[str, int] | None = None
    while True:
        with database.reading() as session:
            found = search(session, campaign.id, words, after, limit)
        assert len(found.signers) <= limit
        names += [signer.name for signer in found.signers]
        if found.next_key is None:
            return names
        serial, _, word = found.next_key.partition(".")
        assert after is None or (word, int(serial)) > after
        after = (word, int(serial))


@contextmanager
def statements(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that the store is asked within, with its parameters."""
    asked: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    yield asked
    event.remove(database.engine, "before_cursor_execute", note)


def test_everybody_is_shown_as_they_chose(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    said = {"city": "Madrid", "affiliation": "UE", "comment": "With you."}
    sign_and_confirm(database, settings, campaign, name="Ana Sánchez", visibility="public", **said)
    sign_and_confirm(database, settings, campaign, name="Jean-Luc Moreau", visibility="initials", **said)
    sign_and_confirm(database, settings, campaign, name="Hidden Name", visibility="addressee", **said)
    sign_and_confirm(database, settings, campaign, name=None, visibility="anonymous", **said)
    removed = sign_and_confirm(database, settings, campaign, name="Removed Name")
    sign(database, settings, campaign, name="Unconfirmed Name")
    sign_and_confirm(database, settings, make_campaign(database, slug="other"), name="Elsewhere")
    with database.writing() as session:
        session.execute(update(Signature).where(Signature.id == removed.id).values(removed_at=utc_now()))
    shown = SignerPage(
        (
            ShownSigner("J. L. M.", "ES", None, None, None),
            ShownSigner("Ana Sánchez", "ES", "Madrid", "UE", "With you."),
        ),
        None,
    )
    assert page(database, campaign) == shown
    with database.reading() as session:
        assert list_latest(session, campaign.id, 9) == shown.signers
        assert list_latest(session, campaign.id, 1) == shown.signers[:1]


def test_a_search_finds_no_one_who_is_not_shown_by_name(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    for visibility in ("initials", "addressee"):
        sign_and_confirm(database, settings, campaign, name="Hidden Name", visibility=visibility)
    sign(database, settings, campaign, name="Hidden Unconfirmed")
    sign_and_confirm(database, settings, make_campaign(database, slug="other"), name="Hidden Elsewhere")
    removed = sign_and_confirm(database, settings, campaign, name="Hidden Removed")
    sign_and_confirm(database, settings, campaign, name="Hidden Not", comment="A comment", city="Cork")
    with database.writing() as session:
        session.execute(update(Signature).where(Signature.id == removed.id).values(removed_at=utc_now()))
    assert find(database, campaign, "hidden") == ["Hidden Not"]
    assert find(database, campaign, "comment") == find(database, campaign, "cork") == []


def test_whoever_stays_unnamed_is_not_shown(settings: Settings, campaign: CampaignSnapshot) -> None:
    for visibility in ("addressee", "anonymous"):
        assert show(make_draft(campaign, settings, visibility=visibility)) is None
    assert show(make_draft(campaign, settings, name=None)) is None
    digits = show(make_draft(campaign, settings, name="1234", visibility="initials", country="CH"))
    assert digits == ShownSigner("·", "CH", None, None, None)


def test_pages_have_neither_gaps_nor_repeats_while_new_ones_come(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    names = [f"Ana {number}" for number in range(23)]
    sign_all(database, settings, campaign, names)
    seen: list[str] = []
    before: int | None = None
    while True:
        shown = page(database, campaign, before, limit=5)
        seen += [signer.name for signer in shown.signers]
        sign_all(database, settings, campaign, [f"New {len(seen)}"])
        if shown.next_key is None:
            break
        before = int(shown.next_key)
    assert seen == names[::-1]


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 10, 11])
def test_the_last_page_names_no_next(
    database: Database, settings: Settings, campaign: CampaignSnapshot, count: int
) -> None:
    sign_all(database, settings, campaign, [f"Ana {number}" for number in range(count)])
    sizes = []
    before: int | None = None
    while True:
        shown = page(database, campaign, before, limit=5)
        sizes.append(len(shown.signers))
        if shown.next_key is None:
            break
        before = int(shown.next_key)
    assert sizes == ([5] * (count // 5) + ([count % 5] if count % 5 or not count else []))


NAMES = [
    "Siobhán Byrne",
    "Łukasz Żółć",
    "محمد الأحمد",
    "Борис Кагарлицкий",
    "Jean-Luc Moreau",
    "O’Connor Máire",
    "王小明",
    "Søren Ærø",
    "कुमार राव",
    "कमला राव",
    "Nguyễn Văn An",
    "Ana Ana Analía",
    "Straße Weiß",
]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Siobhán", ["Siobhán Byrne"]),
        ("siobhan", ["Siobhán Byrne"]),
        ("SIOB", ["Siobhán Byrne"]),
        ("byrne", ["Siobhán Byrne"]),
        ("yrne", []),
        ("siobhan byrne", ["Siobhán Byrne"]),
        ("byr sio", ["Siobhán Byrne"]),
        ("sio moreau", []),
        ("lukasz", ["Łukasz Żółć"]),
        ("zolc", ["Łukasz Żółć"]),
        ("محمد", ["محمد الأحمد"]),
        ("مُحَمَّد", ["محمد الأحمد"]),
        ("кагар", ["Борис Кагарлицкий"]),
        ("БОРИС", ["Борис Кагарлицкий"]),
        ("luc", ["Jean-Luc Moreau"]),
        ("jean luc", ["Jean-Luc Moreau"]),
        ("connor", ["O’Connor Máire"]),
        ("王", ["王小明"]),
        ("soren", ["Søren Ærø"]),
        ("aero", ["Søren Ærø"]),
        ("कुमार", ["कुमार राव"]),
        ("राव", ["कमला राव", "कुमार राव"]),
        ("nguyen van an", ["Nguyễn Văn An"]),
        ("an", ["Ana Ana Analía", "Nguyễn Văn An"]),
        ("strasse", ["Straße Weiß"]),
        ("weiss", ["Straße Weiß"]),
        ("", []),
        ("  ", []),
        ("%", []),
        ("_", []),
        ("'", []),
        ("Siobhán'; --", ["Siobhán Byrne"]),
    ],
)
def test_names_are_found_by_the_beginning_of_any_word(
    database: Database, settings: Settings, campaign: CampaignSnapshot, words: str, found: list[str]
) -> None:
    sign_all(database, settings, campaign, NAMES)
    assert find(database, campaign, words) == found


def test_a_name_stands_once_in_a_search_that_several_of_its_words_match(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_all(database, settings, campaign, ["Ana Anabel Analía"] * 3 + ["Bea Ana"])
    assert sorted(find_all(database, campaign, "ana", 2)) == ["Ana Anabel Analía"] * 3 + ["Bea Ana"]


@pytest.mark.parametrize("chunk", [1, 2, 3, 500])
def test_pages_of_a_search_have_neither_gaps_nor_repeats(
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    monkeypatch: pytest.MonkeyPatch,
    chunk: int,
) -> None:
    monkeypatch.setattr(listing, "_CHUNK", chunk)
    names = [f"Ana{'bcd'[number % 3]} Number{number}" for number in range(17)]
    sign_all(database, settings, campaign, [*names, "Bea Other"])
    assert sorted(find_all(database, campaign, "ana", 4)) == sorted(names)
    assert find_all(database, campaign, "anab number15", 4) == ["Anab Number15"]


def test_a_search_for_common_words_looks_at_a_bounded_number_of_rows(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_CHUNK", 10)
    monkeypatch.setattr(listing, "_MAX_LOOKED_AT", 30)
    names = [f"Maria Number{number}" for number in range(80)] + ["Maria Zapata"]
    sign_all(database, settings, campaign, names)
    with statements(database) as asked, database.reading() as session:
        found = search(session, campaign.id, "maria zap", None)
    assert len([statement for statement, _ in asked if "signature_words" in statement]) == 3
    assert found.signers == ()
    assert found.next_key is not None
    assert find_all(database, campaign, "maria zap", 50) == ["Maria Zapata"]


_letters = st.sampled_from("aáAbłL1 -")


@given(
    st.lists(st.text(_letters, min_size=1, max_size=8).filter(lambda name: name.strip()), min_size=1, max_size=12),
    st.text(_letters, max_size=5),
    st.integers(1, 4),
)
@hypothesis_settings(max_examples=25)
def test_a_search_finds_what_a_look_at_every_name_finds(
    database: Database, settings: Settings, names: list[str], words: str, limit: int
) -> None:
    campaign = make_campaign(database, slug=f"campaign-{utc_now().timestamp():.6f}".replace(".", "-"))
    sign_all(database, settings, campaign, names)
    wanted = folded_words(words)[:4]
    expected = [
        name
        for name in names
        if wanted and all(any(word.startswith(w) for word in folded_words(name)) for w in wanted)
    ]
    assert sorted(find_all(database, campaign, words, limit)) == sorted(expected)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_the_indexes_answer(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    """Neither a page nor a search looks at rows that it does not show, however many there are."""
    sign_all(database, settings, campaign, [f"Ana {number}" for number in range(60)])
    with database.writing() as session:
        session.execute(text("ANALYZE"))
    with statements(database) as asked, database.reading() as session:
        list_page(session, campaign.id, None)
        list_page(session, campaign.id, 30)
        search(session, campaign.id, "an", None)
        search(session, campaign.id, "an", ("ana", 7))
    queries = [entry for entry in asked if entry[0].startswith("SELECT")]
    assert len(queries) == 4
    for number, (statement, parameters) in enumerate(queries):
        with database.reading() as session:
            rows = session.connection().exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters).all()
        plan = "\n".join(row[3] for row in rows)
        assert "SCAN signatures" not in plan, plan
        assert "SCAN signature_words" not in plan, plan
        assert "TEMP B-TREE" not in plan or number >= 2, plan
        if number < 2:
            assert "ix_signatures_shown" in plan, plan
        else:
            assert "SEARCH signature_words USING PRIMARY KEY" in plan, plan


@pytest.mark.plans
@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_the_indexes_answer_on_postgresql(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_all(database, settings, campaign, [f"Ana {number}" for number in range(60)])
    with database.reading() as session:
        session.execute(text("SET enable_seqscan = off"))
        plans = []
        with statements(database) as asked:
            list_page(session, campaign.id, 30)
            search(session, campaign.id, "an", None)
        for statement, parameters in asked:
            rows = session.connection().exec_driver_sql("EXPLAIN " + statement, parameters).all()
            plans.append("\n".join(row[0] for row in rows))
        session.execute(text("RESET enable_seqscan"))
    assert "ix_signatures_shown" in plans[0]
    assert "pk_signature_words" in plans[1]
    # The range of the prefix is one of the index, so it is no filter over all words of the campaign.
    # (How the planner writes the column depends on the kind of scan.)
    conditions = [line for line in plans[1].splitlines() if "Index Cond" in line and "word" in line]
    assert " >= 'an'" in conditions[0]
