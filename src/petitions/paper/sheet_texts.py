"""What is written on a sheet to sign on paper."""

from collections.abc import Iterator

from petitions.campaigns.models import Statement
from petitions.campaigns.queries import CampaignSnapshot
from petitions.campaigns.terms import text_in
from petitions.i18n import LANGUAGES, N_, SOURCE_LANGUAGE, Translator, language_name, translator

#: Of the columns that are filled in by hand.
_HEADINGS = (N_("Name"), N_("City"), N_("Country"), N_("Mail address"), N_("Signature"))


class SheetText:
    """The words of a sheet in the language of a statement."""

    def __init__(self, campaign: CampaignSnapshot, statement: Statement, base_url: str, lines: int) -> None:
        words = _words(statement.language)
        terms = campaign.terms
        self.words = words
        self.statement = statement
        self.language = statement.language
        self.lines = lines
        self.url = f"{base_url}/c/{campaign.slug}?lang={statement.language}"
        self.shown_url = f"{base_url}/c/{campaign.slug}".partition("://")[2]
        self.addressees = [text_in(one, statement.language, campaign.default_language) for one in terms.addressees]
        responsible = terms.responsible
        self.consent = words.gettext(
            "By signing I agree that %(name)s keeps my signature, which shows a political opinion (GDPR Art. 9), "
            "and hands it to the addressees with my name, city and country. I can take it back at any time: "
            "%(email)s."
        ) % {"name": responsible.name, "email": responsible.email}
        self.responsible = words.gettext("Responsible for this campaign and its data: %(name)s") % {
            "name": ", ".join(filter(None, (responsible.name, responsible.address, responsible.email)))
        }
        self.mail_note = words.gettext(
            "The mail address is there only so that nobody is counted twice: it is not handed over. Please write "
            "in capital letters; who has signed online need not sign again."
        )
        self.online = words.gettext("Or sign online: %(url)s") % {"url": self.shown_url}
        self.addressed = words.gettext("Addressed to")
        self.whole = words.gettext("The whole statement stands at %(url)s.") % {"url": self.shown_url}
        self.headings = [words.translate(heading) for heading in _HEADINGS]

    def foot(self, number: int) -> tuple[str, str]:
        """What stands at the two ends of the last line."""
        sheet = self.words.gettext("Sheet %(number)s") % {"number": f"{number:04}"}
        lines = self.words.gettext("lines %(first)s to %(last)s") % {"first": 1, "last": self.lines}
        return f"{sheet} · {lines}", f"{language_name(self.language)} · {self.shown_url}"

    def everything(self) -> Iterator[str]:
        """Every text, to see which fonts that takes."""
        statement = self.statement
        yield from (statement.title, statement.summary, statement.body, *statement.demands)
        yield from (self.consent, self.responsible, self.mail_note, self.online, self.addressed, self.whole)
        yield from (*self.addressees, *self.headings, *self.foot(0))


def _words(language: str) -> Translator:
    """In the interface language nearest to it."""
    own = language.split("-")[0]
    return translator(next((code for code in (language, own) if code in LANGUAGES), SOURCE_LANGUAGE))
