"""petitions held …: choosing by what drafts are held for. The rest of it stands in test_commands.py."""

from sqlalchemy import select

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures.models import Draft
from tests.cli.conftest import Petitions
from tests.factories import sign


def test_held_for_one_thing(
    database: Database, settings: Settings, petitions: Petitions, campaign: CampaignSnapshot
) -> None:
    for email in ("ana@mailinator.com", "mo@mailinator.com", "ana@yopmail.com"):
        sign(database, settings, campaign, email=email)
    listed = petitions("held", "list", campaign.slug).stdout.splitlines()
    assert sorted(line.split("\t")[-1] for line in listed) == ["mailinator.com", "mailinator.com", "yopmail.com"]
    chosen = ("--all", "--reason", "disposable", "--for")
    assert petitions("held", "release", campaign.slug, *chosen, "mailinator.com").stdout == "2 released\n"
    assert petitions("held", "drop", campaign.slug, *chosen, "mailinator.com").stdout == "0 dropped\n"
    assert petitions("held", "drop", campaign.slug, *chosen, "yopmail.com").stdout == "1 dropped\n"
    with database.reading() as session:
        held = session.scalars(select(Draft.held_reason)).all()
    assert held == [None, None]


def test_a_reason_that_there_is_not_is_refused(petitions: Petitions, campaign: CampaignSnapshot) -> None:
    result = petitions("held", "drop", campaign.slug, "--all", "--reason", "spam")
    assert (result.exit_code, result.stderr) == (
        2,
        "Reasons are honeypot, rule, disposable, work, rate, network, domain.\n",
    )
