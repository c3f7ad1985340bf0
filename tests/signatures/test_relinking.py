"""A new mail for a link that was lost, and a new link for one that somebody else may have."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, event, func, select, text, update

from petitions.abuse.models import NetworkCount
from petitions.addresses import make_email_key
from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.mail.models import Outbox
from petitions.mail.outbox import CONFIRMATION, LATER
from petitions.settings import Settings
from petitions.signatures.drafting import NewDraft, store_drafts
from petitions.signatures.models import Draft, Signature
from petitions.signatures.own import Done
from petitions.signatures.relinking import LinkWish, NewLink, store_wishes
from petitions.signatures.withdrawing import Withdraw
from tests.factories import (
    act,
    change,
    confirm,
    link_to,
    make_campaign,
    make_draft,
    remove,
    sign,
    sign_and_confirm,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def renew(
    database: Database,
    settings: Settings,
    address: str,
    after: timedelta,
    campaign: CampaignSnapshot | None = None,
) -> set[tuple[object, ...]]:
    """Kind, subject and language of the mails that come of it."""
    with database.writing() as session:
        session.execute(delete(Outbox).where(Outbox.created_at <= NOON + after - timedelta(days=1)))
        before = set(session.scalars(select(Outbox.id)))
        campaign_id = campaign.id if campaign else None
        wish = LinkWish(make_email_key(address, settings.email_key), campaign_id, NOON + after)
        assert store_wishes(session, [wish]) == [None]
        rows = session.execute(
            select(Outbox.kind, Outbox.subject_id, Outbox.language, Outbox.created_at)
            .where(Outbox.id.not_in(before))
            .order_by(Outbox.id)
        ).all()
    assert {row.created_at for row in rows} <= {NOON + after}
    return {tuple(row)[:3] for row in rows}


def test_every_waiting_draft_of_the_address_gets_its_mail(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="other")
    first = sign(database, settings, campaign, email="ana@example.org", arrived_at=NOON)
    second = sign(
        database, settings, other, email="Ana@example.org", language="es", arrived_at=NOON + timedelta(minutes=1)
    )
    sign(database, settings, campaign, email="boris@example.org", arrived_at=NOON)
    assert renew(database, settings, "ANA@example.org", timedelta(days=2)) == {
        ("confirm", second.id, "es"),
        ("confirm", first.id, "en"),
    }


def test_signatures_of_the_address_get_their_links_too(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """A signature by its own link, a draft by the button; each campaign's for itself."""
    other, third = (make_campaign(database, slug=slug) for slug in ("other", "third"))
    signed = sign_and_confirm(
        database, settings, campaign, email="ana@example.org", language="es", arrived_at=NOON
    )
    waiting = sign(database, settings, other, email="ana@example.org", arrived_at=NOON)
    removed = sign_and_confirm(database, settings, third, email="ana@example.org", arrived_at=NOON)
    remove(database, removed)
    sign_and_confirm(database, settings, campaign, email="boris@example.org", arrived_at=NOON)
    assert renew(database, settings, "Ana@example.org", timedelta(days=2)) == {
        ("own_link", signed.id, "es"),
        ("confirm", waiting.id, "en"),
        ("own_link", removed.id, "en"),
    }


def test_the_links_of_one_campaign_can_be_asked_for_alone(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="other")
    signed, elsewhere = (
        sign_and_confirm(database, settings, where, email="ana@example.org", arrived_at=NOON)
        for where in (campaign, other)
    )
    waiting = sign(database, settings, campaign, email="boris@example.org", arrived_at=NOON)
    after = timedelta(days=2)
    assert renew(database, settings, "ana@example.org", after, campaign) == {("own_link", signed.id, "en")}
    assert renew(database, settings, "ana@example.org", after * 2, other) == {("own_link", elsewhere.id, "en")}
    assert renew(database, settings, "boris@example.org", after, campaign) == {("confirm", waiting.id, "en")}
    assert renew(database, settings, "boris@example.org", after, other) == set()


def test_a_draft_beside_a_signature_is_passed_over(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Confirming it would do nothing; another process stored it a moment too late."""
    signed = sign_and_confirm(database, settings, campaign, email="ana@example.org", arrived_at=NOON)
    late = make_draft(campaign, settings, email="boris@example.org", arrived_at=NOON)
    with database.writing() as session:
        store_drafts(session, [late], None)
        session.execute(update(Draft).values(email_key=signed.email_key))
    wanted = renew(database, settings, "ana@example.org", timedelta(days=2))
    assert wanted == {("own_link", signed.id, "en")}


def test_nothing_is_sent_for_what_is_not_there(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """A held draft has no link yet, a stranger has none, and what was withdrawn has none any more."""
    withdrawn = sign_and_confirm(database, settings, campaign, email="ana@example.org", arrived_at=NOON)
    act(database, Withdraw(link_to(withdrawn), NOON))
    sign(database, settings, campaign, email="boris@example.org", arrived_at=NOON, trapped=True)
    for address in ("ana@example.org", "boris@example.org", "charlie@example.org"):
        for where in (None, campaign):
            assert renew(database, settings, address, timedelta(days=2), where) == set()


def test_the_limits_of_an_address_hold(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    draft = sign(database, settings, campaign, email="ana@example.org", arrived_at=NOON)
    mails = [renew(database, settings, "ana@example.org", timedelta(minutes=n)) for n in range(1, 7)]
    assert mails == [{("confirm", draft.id, "en")}] * 4 + [set(), set()]  # the first came with the draft
    assert renew(database, settings, "ana@example.org", timedelta(days=2)) == {("confirm", draft.id, "en")}


def test_the_latest_drafts_come_first_where_not_all_may(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = [
        sign(
            database,
            settings,
            campaign,
            email="ana@example.org",
            comment=str(n),
            arrived_at=NOON + timedelta(minutes=n),
        )
        for n in range(8)
    ]
    renewed = renew(database, settings, "ana@example.org", timedelta(days=2))
    assert {subject for _, subject, _ in renewed} == {draft.id for draft in drafts[3:]}


def test_the_limits_hold_for_signatures_and_drafts_together(database: Database, settings: Settings) -> None:
    """Ten mails a day to an address: signatures first, then the latest drafts."""
    campaigns = [make_campaign(database, slug=f"campaign-{n}") for n in range(13)]
    drafts = [
        sign(database, settings, where, email="ana@example.org", arrived_at=NOON + timedelta(minutes=n))
        for n, where in enumerate(campaigns)
    ]
    for draft in drafts[:4]:
        confirm(database, draft)
    renewed = renew(database, settings, "ana@example.org", timedelta(days=2))
    assert {subject for kind, subject, _ in renewed if kind == "own_link"} == {draft.id for draft in drafts[:4]}
    assert {subject for kind, subject, _ in renewed if kind == "confirm"} == {draft.id for draft in drafts[-6:]}


def test_wishes_of_one_batch_share_the_limits_and_go_each_to_their_own(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="other")
    ana, ana_elsewhere = (
        sign_and_confirm(database, settings, where, email="ana@example.org", arrived_at=NOON)
        for where in (campaign, other)
    )
    boris, boris_elsewhere = (
        sign_and_confirm(database, settings, where, email="boris@example.org", arrived_at=NOON)
        for where in (campaign, other)
    )
    later = NOON + timedelta(days=2)
    wishes = [
        LinkWish(ana.email_key, campaign.id, later),
        LinkWish(boris.email_key, None, later),
        LinkWish(boris.email_key, other.id, later),
        LinkWish(b"nobody" + bytes(10), None, later),
    ]
    with database.writing() as session:
        assert store_wishes(session, wishes) == [None] * 4
    with database.reading() as session:
        subjects = session.scalars(select(Outbox.subject_id).where(Outbox.kind == "own_link")).all()
    # Asked twice in one batch is one mail.
    assert sorted(subjects) == sorted([ana.id, boris.id, boris_elsewhere.id])
    assert ana_elsewhere.id not in subjects


def writes(database: Database, act: Callable[[], object]) -> list[str]:
    """The kinds of statement that write, in their order: INSERT, UPDATE, DELETE."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        kind = statement.split(maxsplit=1)[0].upper()
        if kind in ("INSERT", "UPDATE", "DELETE"):
            found.append(kind)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    return found


def test_every_wish_costs_the_same_write(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Nobody learns from the time of the answer who has signed: where there is nothing to mail, a row that means
    nothing is written."""
    sign_and_confirm(database, settings, campaign, email="signed@example.org", arrived_at=NOON)
    sign(database, settings, campaign, email="waiting@example.org", arrived_at=NOON)
    sign(database, settings, campaign, email="held@example.org", arrived_at=NOON, trapped=True)
    tired = [sign(database, settings, campaign, email="tired@example.org", comment=str(n)) for n in range(5)]

    def rows() -> tuple[int, int]:
        with database.reading() as session:
            counts = (session.scalar(select(func.count()).select_from(t)) or 0 for t in (Outbox, NetworkCount))
            mails, nothings = counts
            return mails, nothings

    for name, mailed in (("signed", 1), ("waiting", 1), ("held", 0), ("tired", 0), ("stranger", 0)):
        for where in (None, campaign.id):
            key = make_email_key(f"{name}@example.org", settings.email_key)
            wish = LinkWish(key, where, tired[-1].arrived_at)

            def ask(wish: LinkWish = wish) -> None:
                with database.writing() as session:
                    store_wishes(session, [wish])

            before = rows()
            assert writes(database, ask) == ["INSERT"], name
            after = rows()
            assert (after[0] - before[0], after[1] - before[1]) == (mailed, 1 - mailed), name


def new_link(database: Database, draft: NewDraft, epoch: int = 0, after: timedelta = timedelta(hours=1)) -> Done:
    """The button of the own page."""
    return act(database, NewLink(link_to(draft, epoch), draft.arrived_at + after))[0]


def epoch_of(database: Database, draft: NewDraft) -> int:
    with database.reading() as session:
        return session.get_one(Signature, (draft.campaign_id, draft.id)).link_epoch


def queued(database: Database) -> list[tuple[Any, ...]]:
    with database.reading() as session:
        columns = (Outbox.kind, Outbox.campaign_id, Outbox.subject_id, Outbox.email_key, Outbox.language)
        return [tuple(row) for row in session.execute(select(*columns).order_by(Outbox.id))]


def test_a_new_link_makes_the_old_one_worthless_and_is_mailed_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign_and_confirm(database, settings, campaign, language="es", arrived_at=NOON)
    other = sign_and_confirm(database, settings, campaign, arrived_at=NOON)
    before = queued(database)
    assert new_link(database, draft) is Done.DONE
    assert queued(database) == [*before, ("own_link", campaign.id, draft.id, draft.email_key, "es")]
    assert (epoch_of(database, draft), epoch_of(database, other)) == (1, 0)
    after = queued(database)
    assert new_link(database, draft) is Done.GONE
    assert act(database, change(draft, name="By a thief"), Withdraw(link_to(draft), NOON)) == [Done.GONE] * 2
    assert (queued(database), epoch_of(database, draft)) == (after, 1)
    assert act(database, change(draft, epoch=1, name="Ana")) == [Done.DONE]
    assert new_link(database, draft, 1) is Done.DONE
    assert (len(queued(database)), epoch_of(database, draft)) == (len(after) + 1, 2)


def test_the_button_twice_in_one_batch_is_one_new_link(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign_and_confirm(database, settings, campaign, arrived_at=NOON)
    before = len(queued(database))
    wish = NewLink(link_to(draft), NOON)
    assert act(database, wish, wish) == [Done.DONE, Done.GONE]
    assert (epoch_of(database, draft), len(queued(database)) - before) == (1, 1)


def test_a_new_link_does_not_wait_for_the_limits_of_the_address(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Strangers can use those up; each press needs the link of the mail before."""
    draft = sign_and_confirm(database, settings, campaign, arrived_at=NOON)
    for epoch in range(12):
        assert new_link(database, draft, epoch) is Done.DONE
    assert epoch_of(database, draft) == 12
    with database.reading() as session:
        asked = session.execute(select(Outbox.kind, Outbox.priority).order_by(Outbox.id)).all()
    assert [tuple(row) for row in asked] == [("confirm", CONFIRMATION)] + [("own_link", LATER)] * 12


def test_the_links_of_one_batch_follow_each_other(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign_and_confirm(database, settings, campaign, arrived_at=NOON)
    links = [NewLink(link_to(draft, epoch), NOON) for epoch in (0, 0, 1, 3, 2)]
    done, gone = Done.DONE, Done.GONE
    assert act(database, *links) == [done, gone, done, gone, done]
    assert epoch_of(database, draft) == 3


def test_a_sealed_address_keeps_its_link(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """No mail could bring the new one."""
    draft = sign_and_confirm(database, settings, campaign, arrived_at=NOON)
    with database.writing() as session:
        session.execute(update(Signature).values(email=None))
    before = queued(database)
    assert new_link(database, draft) is Done.TOO_MANY_MAILS
    assert (queued(database), epoch_of(database, draft)) == (before, 0)


def test_a_new_link_leaves_everything_else(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign_and_confirm(database, settings, campaign, arrived_at=NOON)

    def row() -> dict[str, Any]:
        with database.reading() as session:
            signature = session.get_one(Signature, (campaign.id, draft.id))
            return {name: getattr(signature, name) for name in Signature.__table__.columns.keys()}  # noqa: SIM118

    before = row()
    new_link(database, draft)
    assert row() == before | {"link_epoch": 1}


def test_a_draft_has_no_new_link(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    draft = sign(database, settings, campaign)
    before = queued(database)
    assert new_link(database, draft) is Done.GONE
    assert queued(database) == before


def test_an_index_finds_the_drafts_of_an_address(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    if not database.is_sqlite:
        return
    sign(database, settings, campaign, email="ana@example.org")
    query = "SELECT id FROM drafts WHERE campaign_id IN (SELECT id FROM campaigns) AND email_key = x'00'"
    with database.reading() as session:
        plan = "\n".join(row[3] for row in session.execute(text("EXPLAIN QUERY PLAN " + query)))
    assert "SCAN drafts" not in plan
