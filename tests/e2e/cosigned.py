"""A campaign that organisations co-sign: some in every state, with pictures, questions and wishes."""

import io
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from PIL import Image, ImageDraw
from sqlalchemy import update

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.organisations import own
from petitions.organisations.confirming import CONFIRM_PURPOSE, CONTACT_PURPOSE, OWN_PURPOSE
from petitions.organisations.deciding import Decision
from petitions.organisations.logos import Logo, read_logo
from petitions.organisations.models import Organisation
from petitions.settings import Settings, load_settings
from petitions.tokens import Named
from tests import factories
from tests.console import cosigning
from tests.e2e.program import Demo

COSIGNED = "cosigned-sample"
SHOWN = "Sample Union"  # is shown, signed an earlier wording, and wants to change name and logo
WAITING = "Sample Union Ltd"  # looks like that one
ASKED = "Sample Students"
UNCONFIRMED = "Sample Party"
DECLINED = "Sample Firm"

#: Others that are shown, made up: name, kind, country, city, members, public words, colour of the logo.
OTHERS = (
    ("Gewerkschaft Beispiel", "union", "DE", "Musterstadt", 1_900_000, "Wir stehen an eurer Seite.", "#b3261e"),
    ("Sindicato Muestra de Enseñanza y Sanidad", "union", "ES", "Villamuestra", 12_400, None, None),
    ("Ceardchumann Samplach", "union", "IE", "Baile an tSampla", 3_050, None, "#1b5e20"),
    ("Exampletown Trades Council", "union", "IE", "Exampletown", None, None, None),
    ("اتحاد طلاب العيّنة", "students", "LB", "بلدة المثال", 860, "معكم حتى النهاية.\nولن نتعب.", "#0d47a1"),
    ("Adibide Ikasleak", "students", "ES", "Adibideherria", None, None, None),
    ("Partito dell’Esempio", "party", "IT", "Campione", 21_000, None, "#4a148c"),
    (
        "Association pour l’exemple, le modèle et l’échantillon de la région",
        "association",
        "FR",
        None,
        240,
        None,
        None,
    ),
    ("Пример", "association", "KZ", "Образцово", None, "Солидарность сильнее.", None),
    (
        "The Example Times",
        "media",
        "GB",
        "Exampletown",
        None,
        "We read it aloud at the morning meeting.",
        "#263238",
    ),
    ("Sample Bakery Co-operative", "company", "IE", "Exampletown", 11, None, "#e65100"),
    ("Neighbours of Sample Street", "other", "IE", "Exampletown", None, None, None),
)


@cache
def draw_logo(colour: str) -> bytes:
    """A picture with a sign in it and nothing around it, as a PNG."""
    image = Image.new("RGBA", (320, 160))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((0, 0, 159, 159), 30, fill=colour)
    pen.ellipse((44, 44, 115, 115), fill="white")
    for place in (20, 68, 116):
        pen.rectangle((190, place, 319 - place // 2, place + 24), fill=colour)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def make_logo(colour: str) -> Logo:
    """The same as it is kept."""
    return read_logo(draw_logo(colour), "logo.png", "image/png")


@dataclass(frozen=True)
class Cosigned:
    """The campaign, and the links that were mailed to its organisations."""

    demo: Demo
    campaign_id: int

    def own_path(self, name: str) -> str:
        """The private link."""
        found = self._find(name)
        return f"/organisation/{self.demo.tokens.make(OWN_PURPOSE, self.campaign_id, found.id, found.link_epoch)}"

    def confirm_path(self, name: str) -> str:
        """The link of the first mail."""
        token = self.demo.tokens.make(CONFIRM_PURPOSE, self.campaign_id, self._find(name).id)
        return f"/organisation/confirm/{token}"

    def contact_path(self, name: str) -> str:
        """The link in the mail to whom it wants to hand over to."""
        found = self._find(name)
        assert found.next_contact is not None
        key = found.next_contact["key"]
        return f"/organisation/contact/{self.demo.tokens.make(CONTACT_PURPOSE, self.campaign_id, found.id, key)}"

    def _find(self, name: str) -> Organisation:
        with self.demo.store() as database:
            return cosigning.get(database, name)


def show_others(demo: Demo, slug: str) -> None:
    """Have them all co-sign."""
    with demo.store() as database:
        _show_others(database, _settings(demo), demo.campaign(slug))


def let_ask(demo: Demo, slug: str) -> None:
    """Three that wait: one that is proven, one that is not, and one that looks like another."""
    campaign, settings = demo.campaign(slug), _settings(demo)
    with demo.store() as database:
        for name, kind, email, website, colour in (
            ("Sample Dockers", "union", "office@dockers.example", "https://dockers.example", "#b3261e"),
            (
                "Readers of the Example Times",
                "association",
                "readers@mail.example",
                "https://readers.example",
                None,
            ),
            ("Sample Dockers Ltd", "union", "port@dockers.example", "https://dockers.example", None),
        ):
            logo = make_logo(colour) if colour else None
            said: dict[str, Any] = {"name": name, "kind": kind, "email": email, "website": website, "logo": logo}
            cosigning.wait(database, settings, campaign, **said)


def _settings(demo: Demo) -> Settings:
    return load_settings({"PETITIONS_DATA_DIR": str(demo.data)})


@cache
def let_cosign(demo: Demo) -> Cosigned:
    """Organisations in every state."""
    settings = _settings(demo)
    with demo.store() as database:
        campaign = _campaign(database)
        _let_one_wish(database, settings, campaign)
        campaign = _campaign(database, "They spoke **freely**.")
        cosigning.ask(
            database, settings, campaign, name=UNCONFIRMED, kind="party", members=1_200, comment="All of us."
        )
        cosigning.settle(database, settings, campaign, Decision.ASK, name=ASKED, kind="students", language="ar")
        cosigning.settle(database, settings, campaign, Decision.DECLINE, name=DECLINED)
        mail = "sampla@mail.example"
        cosigning.wait(database, settings, campaign, name=WAITING, email=mail, comment="With you.")
        _show_others(database, settings, campaign)
    return Cosigned(demo, campaign.id)


def _campaign(database: Database, body: str = "He spoke **freely**.") -> CampaignSnapshot:
    """Open to people and to organisations; its wording changes with the body."""
    wording = replace(factories.WORDING, body=body)
    wordings = dict.fromkeys(("en", "ar"), wording)
    return factories.make_campaign(
        database, slug=COSIGNED, wordings=wordings, signers=["individuals", "organisations"]
    )


def _let_one_wish(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    """By its own page: another name and logo, no website, and somebody else who speaks for it."""
    logo = make_logo("#33691e")
    said: dict[str, Any] = {"name": SHOWN, "members": 48_000, "comment": "With you.\nAlways.", "logo": logo}
    link = Named(campaign.id, cosigning.settle(database, settings, campaign, **said).id)
    wanted = factories.organisation_request(
        campaign, settings, **said | {"name": "Union of Samples"}, website=None
    )
    email = "sampla.nua@union.example.org"
    following = factories.organisation_request(campaign, settings, email=email, role="President").contact
    with database.writing() as session:
        own.change(session, link, own.Change(wanted.entry, make_logo("#880e4f")), utc_now())
        own.hand_over(session, link, replace(following, name="Sampla Nua"), utc_now())
        session.execute(update(Organisation).where(Organisation.id == link.row_id).values(pin=1))


def _show_others(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    for number, (name, kind, country, city, members, comment, colour) in enumerate(OTHERS):
        factories.cosign(
            database,
            settings,
            campaign,
            name=name,
            kind=kind,
            country=country,
            city=city,
            members=members,
            comment=comment,
            language={"LB": "ar", "DE": "de", "KZ": "ru"}.get(country, "en"),
            website=f"https://sample{number}.example" if number % 3 else None,
            logo=make_logo(colour) if colour else None,
        )
