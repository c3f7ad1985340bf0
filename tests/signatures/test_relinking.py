"""A new mail for a link that was lost."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, text

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.mail.models import Outbox
from petitions.settings import Settings
from petitions.signatures.addresses import make_email_key
from petitions.signatures.relinking import LinkWish, store_wishes
from tests.factories import make_campaign, sign, sign_and_confirm

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def renew(database: Database, settings: Settings, address: str, after: timedelta) -> set[tuple[object, ...]]:
    """Kind, subject and language of the mails that come of it."""
    with database.writing() as session:
        session.execute(delete(Outbox).where(Outbox.created_at <= NOON + after - timedelta(days=1)))
        before = set(session.scalars(select(Outbox.id)))
        wish = LinkWish(make_email_key(address, settings.email_key), None, NOON + after)
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


def test_nothing_is_sent_for_what_does_not_wait(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign, email="ana@example.org", arrived_at=NOON)
    sign(database, settings, campaign, email="boris@example.org", arrived_at=NOON, trapped=True)
    for address in ("ana@example.org", "boris@example.org", "charlie@example.org"):
        assert renew(database, settings, address, timedelta(days=2)) == set()


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
