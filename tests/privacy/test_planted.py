"""Planted names, addresses and answers: after every flow, nothing of them is where it should not be."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from petitions.db import Database
from petitions.names import initials
from petitions.settings import Settings
from tests.conftest import BASE_URL, STORES, empty
from tests.privacy.planting import Answer, Evidence, Person, found_in, key_marks, spellings
from tests.privacy.walk import GONE, NETWORKS, Walk

#: What the browser of the walk says of itself, whose addresses it has, and what it mistypes.
STRANGE = {b"zarqbrowser", b"Zarqbrowser", b"zarqreferer", b"zarqhost", b"zarqnoaddress", b"zarqnobody"}
ADDRESSES = {network.encode() for network in NETWORKS} | {b"198.51.100", b"2001:db8", b"127.0.0.1"}


@pytest.fixture(scope="module", params=STORES)
def evidence(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Evidence]:
    """What is left of one walk through everything, on each kind of store."""
    folder = tmp_path_factory.mktemp("planted")
    url = f"sqlite:///{folder}/petitions.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgresql_url")
        empty(url)
    else:
        shutil.copy(sqlite_template, folder / "petitions.db")
    settings = Settings(BASE_URL, folder, url, ("secret" * 8,), "e-mail key" * 4, "signing key " * 4)
    database = Database(url)
    yield asyncio.run(Walk(settings, database).walk())
    database.close()


def allowed(person: Person) -> set[bytes]:
    """What everybody may see of this person."""
    return {mark for word in person.shown.values() for mark in spellings(word)}


def hidden(evidence: Evidence) -> set[bytes]:
    """What nobody may see on the site, with those whom nobody may see at all."""
    return {
        mark
        for name, person in evidence.people.items()
        for mark in (person.marks if name in GONE else person.marks - allowed(person))
    }


def never_shown(evidence: Evidence) -> set[bytes]:
    """What nobody else may have seen at any moment of the walk: some were shown before they went."""
    not_confirmed = ("waiting", "refused", "trapped", "wrong", "typo", "lost")
    return {
        mark
        for name, person in evidence.people.items()
        for mark in (person.marks if name in not_confirmed else person.marks - allowed(person))
    }


def signers(evidence: Evidence) -> dict[str, Person]:
    """Those who signed the campaign and confirmed."""
    never = {"waiting", "refused", "trapped", "wrong", "typo", "lost", "elsewhere"}
    return {name: person for name, person in evidence.people.items() if name not in never}


def store_of(files: dict[str, bytes]) -> bytes:
    """The store itself, without lists and copies that lie beside it."""
    beside = ("list.csv", "petitions.db.before-")
    return b"\0".join(content for name, content in files.items() if not name.startswith(beside))


# What the planted words are for: a search that finds them


def test_the_search_finds_everybody_before_the_purge(evidence: Evidence) -> None:
    """In every field and as the key of the address; otherwise what follows would prove nothing."""
    content = store_of(evidence.before)
    for name, person in signers(evidence).items():
        fields = {"email": person.email} if name == "before" else person.stored
        if name == "after":  # who changed everything but the address
            fields = {what: word for what, word in fields.items() if what != "email"}
        for what, word in fields.items():
            assert found_in(content, spellings(word)), (name, what)
        if name != "after":
            assert found_in(content, key_marks(person.email_key(evidence.settings))), name
    for name in ("waiting", "trapped"):
        assert found_in(content, spellings(evidence.people[name].name)), name


def test_the_search_finds_lists_and_copies_before_the_purge(evidence: Evidence) -> None:
    assert found_in(evidence.before["list.csv"], spellings(evidence.people["arabic public"].name))
    if evidence.settings.is_sqlite:
        copy = evidence.before["petitions.db.before-20261101T120000"]
        assert found_in(copy, spellings(evidence.people["ascii addressee"].email))


# The log


def test_the_log_names_nobody(evidence: Evidence) -> None:
    """Of a server, a worker and commands, at the level that tells most."""
    for event in (b'"serving"', b'"mail_sent"', b'"intake_store_unavailable"', b'"purged"', b'"stopped"'):
        assert event in evidence.log
    assert found_in(evidence.log, evidence.marks()) == set()
    assert found_in(evidence.log, STRANGE) == set()


def test_the_log_holds_no_token(evidence: Evidence) -> None:
    assert len(evidence.tokens) > 30
    assert found_in(evidence.log, {token.encode() for token in evidence.tokens}) == set()


def test_the_log_holds_no_address_of_the_network(evidence: Evidence) -> None:
    assert found_in(evidence.log, ADDRESSES) == set()


def test_commands_tell_nobody_s_name(evidence: Evidence) -> None:
    assert found_in(b"".join(evidence.told), evidence.marks()) == set()


# What everybody can see


def test_no_public_page_shows_more_than_was_chosen(evidence: Evidence) -> None:
    assert len(evidence.pages) > 30
    for path, page in evidence.pages.items():
        assert found_in(page.body, hidden(evidence)) == set(), path
        assert found_in(path.encode(), evidence.marks()) == set(), path


def test_what_was_chosen_to_be_shown_is_shown(evidence: Evidence) -> None:
    """Each as they chose: with everything, or by initials."""
    text = b"".join(page.body for page in evidence.pages.values()).decode(errors="replace")
    for name, person in evidence.people.items():
        if person.visibility == "public" and name not in GONE:
            expected = person.shown if name != "elsewhere" else {"name": person.name}
            assert [what for what, word in expected.items() if word not in text] == [], name
    listed = evidence.pages["/c/free-boris/signatures"].body.decode()
    assert listed.count('class="signer__name"') == 7
    for name in ("ascii initials", "accented initials", "arabic initials", "after"):
        assert initials(evidence.people[name].name) in listed


def test_those_who_are_gone_are_nowhere_on_the_site(evidence: Evidence) -> None:
    """Withdrawn, removed, refused, held, changed, never confirmed."""
    gone = {mark for name in GONE for mark in evidence.people[name].marks}
    for path, page in evidence.pages.items():
        assert found_in(page.body, gone) == set(), path


def test_the_api_shows_nobody(evidence: Evidence) -> None:
    pages = {path: page for path, page in evidence.pages.items() if path.startswith("/api/")}
    assert len(pages) == 5
    assert "/count" in "".join(pages)
    for path, page in pages.items():
        assert found_in(page.body, evidence.marks()) == set(), path


def test_figures_for_operators_name_nobody(evidence: Evidence) -> None:
    figures = evidence.pages["/metrics"].body
    assert b"petitions_" in figures
    assert found_in(figures, evidence.marks() | {token.encode() for token in evidence.tokens}) == set()


def test_a_search_finds_only_names_that_are_shown(evidence: Evidence) -> None:
    for name, person in evidence.people.items():
        is_shown = person.visibility == "public" and name not in (*GONE, "elsewhere")
        assert evidence.searches[name] == ([person.name] if is_shown else []), name


def test_the_list_is_not_for_search_engines(evidence: Evidence) -> None:
    lists = [page for path, page in evidence.pages.items() if path.partition("?")[0].endswith("/signatures")]
    assert len(lists) >= 6
    for page in lists:
        assert page.header("x-robots-tag") == "noindex"
        assert b'name="robots" content="noindex' in page.body


# What lies between the server and the visitor


def everything(evidence: Evidence) -> list[Answer]:
    assert len(evidence.answers) > 300
    return evidence.answers


def test_no_header_names_anybody(evidence: Evidence) -> None:
    """Where a redirect leads to stands in histories and in other people's logs."""
    redirects = 0
    for answer in everything(evidence):
        headers = "\n".join(f"{name}: {value}" for name, value in answer.headers).encode()
        assert found_in(headers, evidence.marks()) == set(), answer.asked
        redirects += answer.status == 303
    assert redirects > 50


def test_no_cookie_is_ever_set(evidence: Evidence) -> None:
    for answer in everything(evidence):
        assert answer.header("set-cookie") is None, answer.asked


def test_what_belongs_to_one_person_is_kept_by_nobody(evidence: Evidence) -> None:
    """Neither by browsers nor by caches on the way."""
    kept_back = never_shown(evidence)
    private = [answer for answer in everything(evidence) if found_in(answer.body, kept_back)]
    assert len(private) > 50
    for answer in private:
        assert answer.header("cache-control") == "no-store", answer.asked


def test_an_answer_shows_a_person_only_to_that_person(evidence: Evidence) -> None:
    """Whoever asks without a link of theirs, and without having typed it, sees what everybody sees."""
    before, after = evidence.people["before"], evidence.people["after"]
    kept_back, seen = never_shown(evidence), 0
    for answer in everything(evidence):
        own = answer.person.marks if answer.person is not None else set()
        own |= after.marks if answer.person in (before, after) else set()
        assert found_in(answer.body, kept_back - own) == set(), answer.asked
        seen += bool(found_in(answer.body, kept_back))
    assert seen > 50


# Mails


def test_a_mail_names_only_its_reader(evidence: Evidence) -> None:
    assert len(evidence.mails) > 20
    for mail in evidence.mails:
        (name,) = {name for name, person in evidence.people.items() if person.recipient == mail.recipient}
        assert found_in(mail.everything, evidence.marks(name)) == set(), name


def test_no_mail_goes_to_who_was_not_asked_or_said_no(evidence: Evidence) -> None:
    """Held drafts, forms that were wrong, an address that refused, what was not stored."""
    recipients = [mail.recipient for mail in evidence.mails]
    for name in ("trapped", "wrong", "typo", "lost"):
        assert evidence.people[name].recipient not in recipients
    assert recipients.count(evidence.people["refused"].recipient) == 2


def test_the_outbox_holds_no_address(evidence: Evidence) -> None:
    assert evidence.outbox.count(b"\n") > 20
    assert found_in(evidence.outbox, evidence.marks()) == set()
    assert b"@" not in evidence.outbox


# The store


def test_what_was_never_sent_rightly_is_stored_nowhere(evidence: Evidence) -> None:
    content = store_of(evidence.before)
    for name in ("wrong", "typo", "lost"):
        assert found_in(content, evidence.people[name].marks) == set(), name


def test_the_store_holds_no_address_of_the_network(evidence: Evidence) -> None:
    for files in (evidence.before, evidence.after):
        assert found_in(store_of(files), ADDRESSES) == set()


def test_what_anonymous_signers_typed_for_others_is_not_stored(evidence: Evidence) -> None:
    content = store_of(evidence.before)
    for script in ("ascii", "accented", "arabic"):
        person = evidence.people[f"{script} anonymous"]
        kept_back = {what: word for what, word in person.fields.items() if what not in person.stored}
        assert set(kept_back) == {"name", "city", "affiliation", "comment", "union"}
        assert {what for what, word in kept_back.items() if found_in(content, spellings(word))} == set()


def test_nothing_of_who_withdrew_or_changed_is_left_in_the_store(evidence: Evidence) -> None:
    """But for the key of the address beside the note that a mail was sent, for 48 hours; and lists and copies
    that were made before."""
    content = store_of(evidence.after_withdrawing)
    assert found_in(content, evidence.people["withdrawn"].marks) == set()
    before = evidence.people["before"]
    changed = {mark for what, word in before.fields.items() if what != "email" for mark in spellings(word)}
    assert found_in(content, changed) == set()
    assert found_in(content, spellings(before.email))
    assert found_in(content, evidence.people["refused"].marks) == set()


def test_nothing_of_anybody_is_left_after_the_purge(evidence: Evidence) -> None:
    """In no file of the folder of the data, and in no row of any table."""
    for name, content in evidence.after.items():
        assert found_in(content, evidence.marks("elsewhere")) == set(), name
    assert not any(name.startswith(("list.csv", "petitions.db.before-")) for name in evidence.after)


def test_no_key_of_an_address_is_left_after_the_purge(evidence: Evidence) -> None:
    keys = {
        mark
        for name, person in evidence.people.items()
        if name != "elsewhere"
        for mark in key_marks(person.email_key(evidence.settings))
    }
    assert found_in(store_of(evidence.before), keys)
    for name, content in evidence.after.items():
        assert found_in(content, keys) == set(), name


def test_who_signed_elsewhere_is_still_there_after_the_purge(evidence: Evidence) -> None:
    """And so the search still finds what there is."""
    content = store_of(evidence.after)
    for word in (evidence.people["elsewhere"].name, evidence.people["elsewhere"].email):
        assert found_in(content, spellings(word))


def test_nobody_is_on_the_site_after_the_purge(evidence: Evidence) -> None:
    assert len(evidence.pages_after) > 30
    elsewhere = allowed(evidence.people["elsewhere"])
    for path, page in evidence.pages_after.items():
        assert found_in(page.body, evidence.marks() - elsewhere) == set(), path
    assert found_in(b"".join(page.body for page in evidence.pages_after.values()), elsewhere)


def test_the_count_and_the_totals_are_still_on_the_site_after_the_purge(evidence: Evidence) -> None:
    """13 of twelve who stayed and one who changed: the others withdrew, or were removed."""
    for pages in (evidence.pages, evidence.pages_after):
        assert b'"count": 13' in pages["/api/v1/campaigns/free-boris"].body
