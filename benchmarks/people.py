"""People of no particular place: names in several scripts, for forms and for seeded signatures."""

from dataclasses import dataclass, replace
from random import Random

_NAMES: tuple[tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    ("US", ("Mary", "James", "Aisha", "Robert"), ("Walker", "O'Neill", "Johnson", "Reyes"), ("Erie", "Chicago")),
    (
        "GB",
        ("Priya", "Owen", "Grace", "Tom"),
        ("Patel", "Llewellyn", "Smith-Jones", "Clarke"),
        ("Leeds", "Cardiff"),
    ),
    (
        "ES",
        ("Ana", "José Luis", "Nerea", "Iñaki"),
        ("Sánchez", "Núñez", "García Ortiz", "Etxeberria"),
        ("Madrid",),
    ),
    (
        "FR",
        ("Élodie", "Jean-Luc", "Zoé", "Karim"),
        ("Moreau", "Lefèvre", "d'Alembert", "Benali"),
        ("Lyon", "Lille"),
    ),
    ("DE", ("Jürgen", "Anke", "Sören", "Ayşe"), ("Müller", "Weiß", "von der Heide", "Yılmaz"), ("Köln", "Berlin")),
    ("IE", ("Siobhán", "Ciarán", "Aoife", "Pádraig"), ("Byrne", "Ó Súilleabháin", "Ní Dhomhnaill"), ("Galway",)),
    ("PL", ("Łukasz", "Zofia", "Michał", "Agnieszka"), ("Wójcik", "Kowalska", "Dąbrowski"), ("Łódź", "Kraków")),
    ("RU", ("Борис", "Анна", "Мария", "Сергей"), ("Иванова", "Кузнецов", "Соколова"), ("Москва", "Казань")),
    ("GR", ("Ελένη", "Νίκος", "Μαρία"), ("Παπαδοπούλου", "Γεωργίου", "Νικολάου"), ("Αθήνα",)),
    ("EG", ("محمد", "فاطمة", "أحمد", "ليلى"), ("السيد", "عبد الله", "حسن"), ("القاهرة",)),
    ("JP", ("さくら", "健一", "陽子"), ("佐藤", "鈴木", "高橋"), ("東京", "大阪")),
    ("IN", ("अनीता", "राजेश", "सुनीता"), ("शर्मा", "सिंह", "गुप्ता"), ("दिल्ली",)),
)
#: Three of five use Latin letters, as where such campaigns run.
_WEIGHTS = (8, 7, 8, 6, 6, 4, 3, 4, 2, 3, 2, 2)
_VISIBILITIES = ("public", "initials", "addressee", "anonymous")
_VISIBILITY_WEIGHTS = (70, 12, 10, 8)
_COMMENTS = (
    "An injury to one is an injury to all.",
    "¡La lucha sigue!",
    "Я с вами.",
    "My grandfather worked there for thirty years. You deserve better than this, all of you.",
)
_SYLLABLES = tuple(a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "an", "el"))
#: Every seventh says something, every ninth has an affiliation.
_SAYS, _BELONGS = 7, 9


#: Seven of ten have a mailbox with one of these, the others with one of so many small ones. As in lua/sign.lua.
_PROVIDERS = ("gmail.com", "outlook.com", "gmx.de", "yahoo.fr", "proton.me", "libero.it", "mail.ru")
_SMALL_DOMAINS = 20_000


def make_address(prefix: str, number: int) -> str:
    """The mail address of a number, each its own."""
    kind = number % 10
    if kind < len(_PROVIDERS):
        return f"{prefix}{number}@{_PROVIDERS[kind]}"
    return f"{prefix}{number}@d{number * 7919 % _SMALL_DOMAINS}-{prefix}.example"


@dataclass(frozen=True, slots=True)
class Person:
    """What somebody types into the form, without the mail address."""

    name: str | None  # None for those who sign anonymously
    country: str
    city: str | None
    comment: str | None
    union_local: str | None
    visibility: str
    updates: bool


def make_person(random: Random) -> Person:
    country, given, family, cities = random.choices(_NAMES, _WEIGHTS)[0]
    visibility = random.choices(_VISIBILITIES, _VISIBILITY_WEIGHTS)[0]
    return Person(
        name=None if visibility == "anonymous" else f"{random.choice(given)} {random.choice(family)}",
        country=country,
        city=random.choice(cities) if random.random() < 0.7 else None,
        comment=random.choice(_COMMENTS) if random.randrange(_SAYS) == 0 else None,
        union_local=f"Local {random.randrange(1, 900)}" if random.randrange(_BELONGS) == 0 else None,
        visibility=visibility,
        updates=random.random() < 0.4,
    )


def rename(person: Person, random: Random) -> Person:
    """The same with a family name that hardly anybody else has."""
    if person.name is None:
        return person
    family = "".join(random.choices(_SYLLABLES, k=4)).capitalize()
    return replace(person, name=f"{person.name.split()[0]} {family}")
