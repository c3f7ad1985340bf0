"""petitions signature withdraw"""

from petitions.campaigns.queries import CampaignSnapshot
from petitions.cli.context import Exit
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures.counting import find_count
from tests.cli.conftest import Petitions
from tests.factories import sign_and_confirm


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
