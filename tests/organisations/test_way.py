"""The way of an organisation: asked, confirmed, approved, changed, withdrawn."""

from datetime import timedelta

import pytest

from petitions.audit.recording import Actor
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import LinkInvalid
from petitions.organisations import own
from petitions.organisations.confirming import Confirmation, confirm
from petitions.organisations.counting import Standing, find_standing, recount
from petitions.organisations.deciding import Decision, Seen, decide
from petitions.organisations.listing import find_shown
from petitions.organisations.models import APPROVED, WAITING, Organisation
from petitions.organisations.requesting import request
from petitions.settings import Settings
from petitions.tokens import Named
from tests import factories

LEAD = Actor(None, "Lena Lead")


def test_the_whole_way(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    now = utc_now()
    asked = factories.organisation_request(campaign, settings, members=1200)
    link = Named(campaign.id, asked.id)
    with database.writing() as session:
        request(session, asked)
    with database.writing() as session:
        assert confirm(session, Confirmation(link, False, now)).state == WAITING
        assert find_standing(session, campaign.id) == Standing()
    with database.writing() as session:
        decided = decide(session, campaign.id, Decision.APPROVE, [Seen(asked.id, 2)], LEAD, now)
        assert decided.done == [1]
    with database.reading() as session:
        shown = find_shown(session, campaign.id)
        assert [one.name for one in shown.organisations] == [asked.entry.name]
        assert (shown.standing.counted, shown.standing.members) == (1, 1200)
        assert find_shown(session, campaign.id, shown) is shown
    with database.writing() as session:
        changed = own.Change(factories.organisation_entry(name="Union of Others", members=1300))
        assert own.change(session, link, changed, now)
    with database.writing() as session:
        row = session.get_one(Organisation, (campaign.id, asked.id))
        assert (row.name, row.members) == (asked.entry.name, 1300)
        decide(session, campaign.id, Decision.APPROVE, [Seen(asked.id, row.revision)], LEAD, now)
        assert (row.name, row.state, row.proposed) == ("Union of Others", APPROVED, None)
        assert recount(session, campaign.id, repair=False) == 0
    with database.writing() as session:
        own.withdraw(session, link, now + timedelta(hours=1))
    with database.reading() as session:
        standing = find_standing(session, campaign.id)
        assert (standing.counted, standing.members, standing.withdrawn) == (0, 0, 1)
        with pytest.raises(LinkInvalid):
            own.find_own(session, link)
