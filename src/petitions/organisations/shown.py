"""The public list of organisations: in what order, in which groups, on which page, and what a search finds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from petitions.collation import sort_key
from petitions.folding import words_of
from petitions.organisations.kinds import KINDS
from petitions.organisations.listing import Shown, ShownOrganisation

#: So many stand on one page.
WHOLE = 300
#: Where there are more, each page has so many.
PAGE_SIZE = 250
#: So many of its words a search looks for.
MAX_SEARCHED = 6
_PLACES = {kind: place for place, kind in enumerate(KINDS)}


@dataclass(frozen=True)
class Ordered:
    """The organisations of a campaign as readers of one language expect them, with what they can be chosen by."""

    organisations: Sequence[ShownOrganisation] = field(repr=False)
    kinds: Sequence[tuple[str, int]]  # with how many there are of each, in the order of the page
    countries: Sequence[tuple[str, int]]  # codes, by the alphabet of their names
    _words: Sequence[str] = field(repr=False)  # of each organisation: " union of examples cork"

    def find(self, wish: "Wish") -> Sequence[ShownOrganisation]:
        """Those of a kind, of a country, and with these beginnings of words in their names or cities."""
        if wish == Wish():
            return self.organisations
        beginnings = [f" {word}" for word in words_of(wish.text)[:MAX_SEARCHED]]
        return [
            organisation
            for organisation, words in zip(self.organisations, self._words, strict=True)
            if wish.kind in ("", organisation.kind)
            and wish.country in ("", organisation.country)
            and all(beginning in words for beginning in beginnings)
        ]


@dataclass(frozen=True)
class Wish:
    """What a reader looks for; empty: everything."""

    kind: str = ""
    country: str = ""
    text: str = ""


@dataclass(frozen=True)
class Section:
    """Organisations under one heading; `kind` is empty for those that are pinned."""

    kind: str
    countries: Sequence[tuple[str, Sequence[ShownOrganisation]]]


def put_in_order(shown: Shown, language: str, country_name: Callable[[str], str]) -> Ordered:
    """Pinned ones first, by their numbers; then by kind, by country, and by the alphabet of the language."""
    codes = {organisation.country for organisation in shown.organisations}
    alphabet = sorted(codes, key=lambda code: sort_key(country_name(code), language))
    place = {code: number for number, code in enumerate(alphabet)}

    def rank(one: ShownOrganisation) -> tuple[object, ...]:
        name = sort_key(one.name, language)
        if one.pin is not None:
            return (0, one.pin, 0, name, one.number)
        return (1, _PLACES.get(one.kind, len(_PLACES)), place[one.country], name, one.number)

    ordered = sorted(shown.organisations, key=rank)
    return Ordered(
        ordered,
        _counted((one.kind for one in ordered), KINDS),
        _counted((one.country for one in ordered), alphabet),
        [" " + " ".join([*words_of(one.name), *words_of(one.city or "")]) for one in ordered],
    )


def _counted(values: Iterable[str], order: Iterable[str]) -> Sequence[tuple[str, int]]:
    counts: dict[str, int] = dict.fromkeys(order, 0)
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return [(value, count) for value, count in counts.items() if count]


def group(organisations: Sequence[ShownOrganisation]) -> Sequence[Section]:
    """A run of the ordered ones under its headings."""
    sections: list[tuple[str, list[tuple[str, list[ShownOrganisation]]]]] = []
    for one in organisations:
        kind, country = ("", "") if one.pin is not None else (one.kind, one.country)
        if not sections or sections[-1][0] != kind:
            sections.append((kind, []))
        countries = sections[-1][1]
        if not countries or countries[-1][0] != country:
            countries.append((country, []))
        countries[-1][1].append(one)
    return [Section(kind, countries) for kind, countries in sections]


def count_pages(found: int) -> int:
    """On how many pages so many stand; at least one."""
    return 1 if found <= WHOLE else -(-found // PAGE_SIZE)


def take_page(organisations: Sequence[ShownOrganisation], number: int) -> Sequence[ShownOrganisation]:
    """A page of them; the first has the number 1."""
    if len(organisations) <= WHOLE:
        return organisations
    return organisations[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
