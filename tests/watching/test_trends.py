"""What is unusual among the forms of the last hour."""

import itertools
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.orm import Session

from petitions.abuse.rule_lists import make_rules, save_list
from petitions.abuse.rules import Rules
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.folding import fold
from petitions.settings import Settings
from petitions.signatures.drafting import store_drafts
from petitions.signatures.models import Draft
from petitions.watching import trends
from petitions.watching.alerts import DOMAIN, NETWORK, WORDING, Trend
from petitions.watching.trends import Form, find_forms, find_trends, watch_trends, wording_of
from tests.factories import make_draft, sign_and_confirm
from tests.watching.support import DAY, HOUR, MINUTE, NOON, alerts

TODAY, YESTERDAY = date(2026, 11, 23), date(2026, 11, 22)
KINDS = (DOMAIN, NETWORK, WORDING)
_numbers = itertools.count(1)
SAID = "The very same words of everybody"


def forms(many: int, **kind: object) -> list[Form]:
    """Forms that share something, each of another address."""
    return [Form(UUID(int=0), n.to_bytes(4, "big"), **kind) for n in range(many)]  # type: ignore[arg-type]


def found(recent: list[Form], before: list[Form]) -> list[tuple[str, str | None, int]]:
    return [(trend.kind, trend.label, trend.drafts) for trend in find_trends(recent, before)]


def test_a_domain_with_four_times_its_share_trends() -> None:
    before = forms(100, domain="small.example") + forms(1_900)
    assert found(forms(40, domain="small.example") + forms(160), before) == []
    assert found(forms(41, domain="small.example") + forms(159), before) == [("domain", "small.example", 41)]


def test_fewer_than_thirty_forms_do_not_trend() -> None:
    assert found(forms(29, domain="small.example"), forms(2_000)) == []
    assert found(forms(30, domain="small.example"), forms(2_000)) == [("domain", "small.example", 30)]


def test_a_large_provider_never_trends() -> None:
    assert found(forms(500, domain="gmail.com"), forms(2_000)) == []


def test_a_network_trends_and_is_named_by_nothing_but_its_hash() -> None:
    (trend,) = find_trends(forms(50, network=b"n" * 16, day=TODAY), forms(2_000, network=b"o" * 16, day=TODAY))
    assert (trend.kind, trend.key, trend.label, trend.drafts) == ("network", b"n" * 16, None, 50)


def test_at_midnight_a_large_network_with_its_new_hash_does_not_trend() -> None:
    before = forms(600, network=b"old" * 5 + b"o", day=YESTERDAY) + forms(1_400)
    assert found(forms(30, network=b"new" * 5 + b"n", day=TODAY) + forms(70), before) == []
    assert found(forms(90, network=b"new" * 5 + b"n", day=TODAY), forms(2_000)) == [("network", None, 90)]


def test_the_same_words_of_ten_addresses_trend() -> None:
    said = wording_of(SAID)
    before = forms(2_000)
    assert found(forms(9, wording=said) + forms(50), before) == []
    assert found(forms(10, wording=said) + forms(50), before) == [("wording", None, 10)]
    assert found([Form(UUID(int=0), b"one", wording=said)] * 50, before) == []


def test_words_that_were_common_before_do_not_trend() -> None:
    said = wording_of(SAID)
    assert found(forms(20, wording=said) + forms(80), forms(200, wording=said) + forms(1_800)) == []


def test_words_are_the_same_however_they_are_spaced_and_accented() -> None:
    assert wording_of("Ya basta, libertad  para Borís") == wording_of("ya BASTA, libertad\npara boris") is not None
    assert wording_of("Freedom now!") is None
    assert wording_of(None) is None


def test_at_the_very_beginning_only_what_is_much_trends() -> None:
    assert found(forms(30, domain="small.example") + forms(70), []) == []
    assert found(forms(60, domain="small.example") + forms(40), []) == [("domain", "small.example", 60)]


kinds = st.sampled_from([None, "a.example", "b.example", "gmail.com"])


@given(st.lists(kinds, max_size=200), st.lists(kinds, max_size=200))
def test_what_trends_is_there_and_many(recent: list[str | None], before: list[str | None]) -> None:
    def made(domains: list[str | None]) -> list[Form]:
        return [Form(UUID(int=n), bytes(16), domain=domain) for n, domain in enumerate(domains)]

    for trend in find_trends(made(recent), made(before)):
        assert trend.label is not None
        assert recent.count(trend.label) == trend.drafts >= 30
        assert trend.drafts * (len(before) + 10) >= 4 * before.count(trend.label) * len(recent)


def test_drafts_and_signatures_of_the_last_hour_are_looked_at(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    signed = sign_and_confirm(database, settings, campaign, email="ana@signed.example", comment=SAID)
    draft = make_draft(campaign, settings, email="ana@drafted.example")
    with database.writing() as session:
        store_drafts(session, [draft], None)
        session.execute(update(Draft).values(network=b"n" * 16))
    now = utc_now()
    with database.reading() as session:
        recent, before = find_forms(session, campaign.id, now + MINUTE)
        later = find_forms(session, campaign.id, now + 2 * HOUR)
    said = [(form.id, form.domain, form.network, form.wording is not None) for form in recent]
    assert sorted(said, key=lambda one: one[1] or "") == [
        (draft.id, "drafted.example", b"n" * 16, False),
        (signed.id, "signed.example", None, True),
    ]
    assert before == []
    assert later == ([], recent)


def test_only_the_newest_forms_are_looked_at(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trends, "MOST", 3)
    drafts = [make_draft(campaign, settings) for _ in range(5)]
    with database.writing() as session:
        store_drafts(session, drafts, None)
    with database.reading() as session:
        recent, _ = find_forms(session, campaign.id, utc_now())
    assert [form.id for form in recent] == sorted((draft.id for draft in drafts), reverse=True)[:3]


def flood(
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    many: int = 40,
    domain: str = "flood.example",
) -> None:
    """Forms of the last minutes before noon."""
    drafts = [
        make_draft(
            campaign,
            settings,
            id=UUID(int=int((NOON - MINUTE).timestamp() * 1000) << 80 | next(_numbers)),
            email=f"a{n}@{domain.format(n=n)}",
            arrived_at=NOON - MINUTE,
        )
        for n in range(many)
    ]
    with database.writing() as session:
        store_drafts(session, drafts, None)


def test_an_alert_is_written_once_a_day_and_goes_on_telling_how_much(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    flood(database, settings, campaign, 40)
    now = NOON
    watch_trends(database, now, settings.email_key)
    (first,) = alerts(database)
    assert (first.kind, first.label, first.drafts, first.at) == ("domain", "flood.example", 40, now)
    flood(database, settings, campaign, 45)
    watch_trends(database, now + MINUTE, settings.email_key)
    (again,) = alerts(database)
    assert (again.id, again.at, again.drafts) == (first.id, now + MINUTE, 45)
    watch_trends(database, now + 2 * HOUR, settings.email_key)
    assert len(alerts(database)) == 1


@pytest.mark.parametrize("rule", ["allow domain flood.example", "hold domain flood.example"])
def test_a_domain_that_a_rule_is_about_is_no_news(
    database: Database, settings: Settings, campaign: CampaignSnapshot, rule: str
) -> None:
    with database.writing() as session:
        assert save_list(session, campaign.id, rule, 0, "Mona Moderator", NOON)
    flood(database, settings, campaign)
    watch_trends(database, NOON, settings.email_key)
    assert alerts(database) == []


def test_one_registered_domain_is_one_however_many_there_are_below_it(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    flood(database, settings, campaign, 40, "h{n}.flood.example")
    watch_trends(database, NOON, settings.email_key)
    assert [(alert.label, alert.drafts) for alert in alerts(database)] == [("flood.example", 40)]


def test_of_many_that_trend_the_largest_of_each_kind_are_written_down(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the rules are read once for all of them."""
    found = [
        Trend(kind, bytes([n]) * 16, f"d{n}.example" if kind == DOMAIN else None, 30 + n)
        for kind in KINDS
        for n in range(13)
    ]
    monkeypatch.setattr(trends, "find_trends", lambda *_: found)
    with database.writing() as session:
        assert save_list(session, campaign.id, "hold domain d12.example", 0, "Mona Moderator", NOON)
    read: list[int] = []

    def note(session: Session, campaign_id: int) -> Rules:
        read.append(campaign_id)
        return make_rules(session, campaign_id)

    monkeypatch.setattr(trends, "make_rules", note)
    watch_trends(database, NOON, settings.email_key)
    written = {kind: sorted(alert.drafts for alert in alerts(database) if alert.kind == kind) for kind in KINDS}
    assert written == {DOMAIN: [*range(32, 42)], NETWORK: [*range(33, 43)], WORDING: [*range(33, 43)]}
    assert read == [campaign.id]


def test_only_of_the_newest_forms_and_of_their_first_words_anything_is_made(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a few thousand long comments would keep the worker busy, each minute anew."""
    monkeypatch.setattr(trends, "MOST", 3)
    for n in range(2):
        sign_and_confirm(database, settings, campaign, comment="\ufdfa" * 499 + str(n))
    with database.writing() as session:
        store_drafts(session, [make_draft(campaign, settings, comment="\ufdfa" * 500) for _ in range(4)], None)
    folded: list[int] = []

    def note(text: str) -> str:
        folded.append(len(text))
        return fold(text)

    monkeypatch.setattr(trends, "fold", note)
    with database.reading() as session:
        recent, _ = find_forms(session, campaign.id, utc_now())
    assert folded == [200] * 3
    assert {form.wording for form in recent} == {None}


def test_comments_that_begin_alike_are_alike() -> None:
    assert wording_of(SAID * 20 + " I") == wording_of(SAID * 20 + " you") != wording_of("I " + SAID * 20)


def test_a_closed_campaign_is_not_looked_at(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    flood(database, settings, campaign)
    now = NOON
    with database.writing() as session:
        session.execute(update(Campaign).values(closes_at=now))
    watch_trends(database, now, settings.email_key)
    assert alerts(database) == []


def test_quiet_hours_write_nothing(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    sign_and_confirm(database, settings, campaign)
    watch_trends(database, utc_now(), settings.email_key)
    watch_trends(database, utc_now() + DAY, settings.email_key)
    assert alerts(database) == []
