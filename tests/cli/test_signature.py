"""petitions signature withdraw"""

from petitions.campaigns.queries import CampaignSnapshot
from petitions.cli.context import Exit
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures.counting import find_count
from tests.cli.conftest import Petitions
from tests.factories import sign_and_confirm
from tests.paper.entering import assert_true, csv, enter, states


def test_withdraw_erases_the_signature_of_the_address_that_it_reads(
    petitions: Petitions, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign, email="ana@example.org")
    sign_and_confirm(database, settings, campaign, email="boris@example.org")
    answers = []
    for typed in ("ANA@example.org\n", "ana@example.org", "no address\n", ""):
        result = petitions("signature", "withdraw", campaign.slug, typed=typed)
        answers.append((result.exit_code, result.stdout))
        assert "ana" not in result.stdout + result.stderr
    assert answers == [(Exit.OK, "The signature is erased.\n")] + [(Exit.INPUT, "")] * 3
    with database.reading() as session:
        assert find_count(session, campaign.id) == 1


def test_withdraw_erases_what_was_typed_from_paper_with_the_address(
    petitions: Petitions, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign, csv("Ana,Rome,IT,ana@example.org", "Bea,Rome,IT,"))
    results = [petitions("signature", "withdraw", campaign.slug, typed="ana@example.org\n") for _ in range(2)]
    assert [result.exit_code for result in results] == [Exit.OK, Exit.INPUT]
    assert states(database, campaign) == {2: "counted"}
    assert assert_true(database, campaign) == 1
