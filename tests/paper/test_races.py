"""What happens at once, on both stores: nobody counts twice, and the tally is what the rows say."""

from datetime import UTC, datetime

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.paper.changing import undo
from petitions.paper.deciding import Seen, Verdict, decide
from petitions.paper.importing import Imported, Plan, bring_in
from petitions.paper.numbering import take_numbers
from petitions.settings import Settings
from petitions.signatures.confirming import Outcome
from petitions.signatures.counting import recount
from petitions.signatures.withdrawing import withdraw
from tests.factories import confirm, make_draft, sign, sign_and_confirm
from tests.organisations.acting import race
from tests.paper.entering import LEAD, assert_true, csv, enter, look, rows_of, statement_of, states

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
_ROUNDS = 6


def both_true(database: Database, campaign: CampaignSnapshot) -> None:
    assert_true(database, campaign)
    with database.reading() as session:
        assert recount(session, campaign.id, utc_now(), repair=False).drift == 0


def test_an_address_that_is_confirmed_and_brought_in_at_once_counts_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    for number in range(_ROUNDS):
        email = f"ana{number}@example.net"
        draft = sign(database, settings, campaign, email=email)
        seen = look(database, settings, campaign, csv(f"Somebody {number},Rome,IT,{email}", f"X{number},Rome,IT,"))
        outcome, imported = race(
            lambda draft=draft: confirm(database, draft),  # type: ignore[misc]
            lambda seen=seen: enter(database, settings, campaign, seen=seen),  # type: ignore[misc]
        )
        assert outcome is Outcome.COUNTED
        assert isinstance(imported, Imported)
        assert rows_of(database, campaign)[-2].state == "online"
        both_true(database, campaign)


def test_two_files_at_once(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    """Both were looked at before either came in: who stands in both counts once, and no number is given twice."""
    text = csv("Dora,Bonn,DE,d@example.org", "Emil,Bonn,DE,")
    first, second = (look(database, settings, campaign, text + tail) for tail in ("", "\nFay,Bonn,DE,"))
    done = race(
        lambda: enter(database, settings, campaign, seen=first),
        lambda: enter(database, settings, campaign, seen=second),
    )
    assert all(isinstance(each, Imported) for each in done)
    assert sorted(states(database, campaign)) == [1, 2, 3, 4, 5]
    assert sorted(states(database, campaign).values()) == ["counted", "counted", "counted", "twice", "waiting"]
    both_true(database, campaign)


def test_the_same_form_twice_at_once(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    plan = Plan(
        make_draft(campaign, settings).id,
        look(database, settings, campaign, csv()),
        statement_of(campaign),
        leaves_wrong=False,
        again=False,
        email_secret=settings.email_key,
    )

    def store() -> Imported:
        with database.writing() as session:
            return bring_in(session, campaign.id, plan, LEAD, NOON)

    assert sorted(each.rows for each in race(store, store)) == [0, 2]
    both_true(database, campaign)


def test_who_withdraws_while_somebody_decides(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    for number in range(_ROUNDS):
        draft = sign_and_confirm(database, settings, campaign, name=f"Ana {number}", city="Rome")
        enter(database, settings, campaign, csv(f"Ana {number},Rome,IT,"))
        row = rows_of(database, campaign)[-1]
        assert row.state == "waiting"

        def leave(key: bytes = draft.email_key) -> bool:
            with database.writing() as session:
                return withdraw(session, campaign.id, key, utc_now())

        def say(number: int = row.number) -> bool:
            with database.writing() as session:
                return bool(decide(session, campaign.id, Verdict.SAME, [Seen(number, "waiting")], LEAD, NOON).done)

        assert race(leave, say) == [True, True]
        # Decided first, it went along; or else it is there, and does not count.
        assert states(database, campaign).get(row.number, "online") == "online"
        both_true(database, campaign)


def test_two_who_decide_and_one_who_undoes(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    for _ in range(_ROUNDS):
        enter(database, settings, campaign, csv("Dora,Bonn,DE,", "Dora,Bonn,DE,"), again=True)
        first, second = rows_of(database, campaign)[-2:]
        batch_id, seen = first.batch_id, [Seen(second.number, "waiting")]

        def say(verdict: Verdict, seen: list[Seen] = seen) -> int:
            with database.writing() as session:
                return len(decide(session, campaign.id, verdict, seen, LEAD, NOON).done)

        def take_out(batch_id: object = batch_id) -> int:
            with database.writing() as session:
                return undo(session, campaign.id, batch_id, LEAD, NOON).rows  # type: ignore[arg-type]

        one, other, gone = race(lambda: say(Verdict.SAME), lambda: say(Verdict.OTHER), take_out)
        assert one + other <= 1
        assert gone == 2
        assert rows_of(database, campaign) == []
        both_true(database, campaign)


def test_numbers_of_sheets_are_given_once(database: Database, campaign: CampaignSnapshot) -> None:
    def take() -> int:
        with database.writing() as session:
            return take_numbers(session, campaign.id, 3, "en", LEAD, NOON)

    assert sorted(race(take, take, take)) == [1, 4, 7]
