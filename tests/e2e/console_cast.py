"""Those who meet on the tour of the console, and campaigns in every state."""

from dataclasses import replace
from functools import cache

import pyotp
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from petitions.accounts.models import User
from petitions.accounts.roles import Role
from petitions.accounts.users import NewUser, create_user, find_user
from petitions.audit.recording import Actor
from petitions.campaigns.content import Content, Texts
from petitions.campaigns.defence import WORK, set_defence
from petitions.campaigns.editing import create_campaign, load_copy, save_copy
from petitions.campaigns.models import Campaign
from petitions.clock import utc_now
from petitions.moderation.conditions import Conditions
from petitions.moderation.jobs import REMOVE, NewJob, start
from petitions.moderation.running import run_jobs
from tests.e2e.cosigned import COSIGNED, let_cosign
from tests.e2e.past import give_past
from tests.e2e.program import Demo
from tests.e2e.samples import CHANGED, CLOSED, WHOLE
from tests.e2e.tour import SIGNER, changed_path
from tests.factories import make_campaign

LEAD = "sampla.lead@example.org"  # an administrator, who owns every campaign of the tour
NEWCOMER = "sampla.newcomer@example.org"  # has an account, and no campaign
CAREFUL = "sampla.careful@example.org"  # has a second factor
PROVING = "sampla.proving@example.org"  # turns it on and off
INVITED = "sampla.invited@example.org"
DRAFT = "draft-sample"
PAST = "past-sample"  # has gone on for weeks, is flooded, and a switch is on
SECRET = pyotp.random_base32()


@cache
def prepare(demo: Demo) -> None:
    """People and campaigns in every state that the tour comes by."""
    for address, name in ((LEAD, "Sampla Lead"), (NEWCOMER, "Sampla Nua"), (CAREFUL, "Sampla Slán")):
        demo.make_lead(address, name, is_admin=address == LEAD)
    demo.make_lead(PROVING, "Sampla Cruthú")
    changed_path(demo)
    demo.signed(WHOLE, SIGNER, q_role="Baker")
    with demo.store() as database, database.writing() as session:
        session.execute(update(User).where(User.email == CAREFUL).values(totp_secret=SECRET))
        invited = create_user(session, NewUser(INVITED, "Sampla Cuireadh", "en", invited_by="Lea"), utc_now())
        assert invited is not None
        texts = {"en": Texts(title="A sample that is written"), "ar": Texts()}
        create_campaign(session, DRAFT, Content(default_language="en", texts=texts), "Sampla Lead", utc_now())
        _change(session)
    _make_past(demo)
    let_cosign(demo)
    for slug in (WHOLE, CHANGED, CLOSED, DRAFT, PAST, COSIGNED):
        demo.give_role(slug, LEAD, Role.OWNER)
    demo.give_role(WHOLE, INVITED, Role.VIEWER)
    demo.give_role(WHOLE, NEWCOMER, Role.DELIVERY)


def somebody(session: Session) -> Actor:
    """Who acts while the lead looks elsewhere."""
    user = find_user(session, NEWCOMER)
    assert user is not None
    return Actor(user.id, user.name)


def _make_past(demo: Demo) -> None:
    """A campaign with everything that moderators look at."""
    with demo.store() as database:
        campaign = make_campaign(database, slug=PAST, languages=("en", "ar"))
        give_past(demo, PAST)
        kazakhs = NewJob(REMOVE, Conditions(country="KZ").to_json(), upto=100, expected=9, reason="robot")
        with database.writing() as session:
            set_defence(session, campaign.id, None, WORK, utc_now())
            start(session, campaign.id, kazakhs, somebody(session), utc_now())
        run_jobs(database, utc_now(), stop=lambda: False)


def _change(session: Session) -> None:
    """Let WHOLE say something else than is published, and its translation lag behind."""
    campaign_id = session.scalars(select(Campaign.id).where(Campaign.slug == WHOLE)).one()
    copy = load_copy(session, campaign_id)
    texts = dict(copy.content.texts)
    texts["en"] = replace(texts["en"], body=texts["en"].body.replace("Some", "Other") + "\n\nAnd more.")
    texts["en"] = replace(texts["en"], background="## Why\n\nA *longer* text.")
    save_copy(session, campaign_id, copy.number, replace(copy.content, texts=texts), "Edith", utc_now())
