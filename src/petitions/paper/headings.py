"""What the columns of a list of paper signatures are called, in the languages in which people type them."""

from collections.abc import Mapping
from functools import cache

from petitions.folding import words_of
from petitions.i18n import LANGUAGES, N_, Message, translator

#: What each column holds; the key is what every language may write above it.
COLUMNS: Mapping[str, Message] = {
    "name": N_("Name"),
    "city": N_("City"),
    "country": N_("Country"),
    "mail": N_("Mail address"),
    "affiliation": N_("Affiliation"),
    "date": N_("Date"),
    "sheet": N_("Sheet"),
    "line": N_("Line"),
}

#: What people write above a column, whatever language the page has: English, Spanish, French, German, Italian,
#: Basque, Irish, Russian, Arabic.
_CALLED: Mapping[str, str] = {
    "name": """
        name, full name, names, nombre, nombre y apellidos, nombre completo, nom, nom complet, nom et
        prénom, prénom et nom, Vor- und Nachname, Vor- und Zuname, vollständiger Name, nome, nome e
        cognome, nome completo, izena, izen-abizenak, izen abizenak, ainm, ainm iomlán, имя, имя и
        фамилия, фамилия и имя, ФИО, ф.и.о., الاسم, الاسم الكامل, اسم
    """,
    "city": """
        city, town, place, ciudad, localidad, municipio, población, ville, commune, localité, Stadt,
        Ort, Wohnort, città, comune, località, hiria, herria, udalerria, cathair, baile, áit, город,
        место, населённый пункт, المدينة, مدينة, البلدة
    """,
    "country": """
        country, país, pays, Land, Staat, paese, nazione, stato, herrialdea, estatua, tír, страна,
        البلد, بلد, الدولة
    """,
    "mail": """
        mail, e-mail, email, mail address, email address, e-mail address, correo, correo electrónico,
        dirección de correo, courriel, adresse e-mail, adresse mail, adresse électronique, mél,
        Mailadresse, E-Mail-Adresse, posta, posta elettronica, indirizzo e-mail, indirizzo mail,
        e-posta, posta elektronikoa, helbide elektronikoa, ríomhphost, seoladh ríomhphoist, почта,
        электронная почта, адрес электронной почты, эл. почта, البريد, البريد الإلكتروني, بريد إلكتروني
    """,
    "affiliation": """
        affiliation, organisation, organization, institution, afiliación, organización, institución,
        entidad, organisme, appartenance, Organisation, Einrichtung, Zugehörigkeit, Institution,
        appartenenza, ente, organizzazione, istituzione, erakundea, afiliazioa, eagraíocht, cleamhnacht,
        организация, место работы, учреждение, المنظمة, المؤسسة, الانتماء, الجهة
    """,
    "date": """
        date, day, signed on, fecha, día, date de signature, Datum, Tag, data, giorno, data, eguna,
        dáta, lá, дата, день, التاريخ, تاريخ, اليوم
    """,
    "sheet": """
        sheet, page, sheet number, hoja, pliego, feuille, feuillet, Blatt, Bogen, Seite, foglio, modulo,
        orria, leathanach, bileog, лист, номер листа, الورقة, ورقة, الصفحة
    """,
    "line": """
        line, row, line number, línea, renglón, fila, ligne, Zeile, riga, lerroa, líne, строка, номер
        строки, السطر, سطر
    """,
}


def column_of(heading: str) -> str | None:
    """The column that a heading means; None for one that we do not know."""
    return _known().get(_folded(heading[:60]))


@cache
def _known() -> Mapping[str, str]:
    """By what is written above them: what our pages call them in any language, and what people do."""
    called = {
        _folded(translator(language).translate(label)): column
        for language in reversed(LANGUAGES)
        for column, label in COLUMNS.items()
    }
    called |= {_folded(word): column for column, words in _CALLED.items() for word in words.split(",")}
    return called | {column: column for column in COLUMNS}


def _folded(heading: str) -> str:
    return " ".join(words_of(heading))
