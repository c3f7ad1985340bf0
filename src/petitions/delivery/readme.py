"""The page on top of a pack, for whoever opens it: in the language of the lists, and in English."""

from collections.abc import Iterator

from petitions.delivery import manifests
from petitions.delivery.site_keys import PublicKey, grouped
from petitions.i18n import N_, SOURCE_LANGUAGE, Message, Translator, translator
from petitions.lists.documents import Document
from petitions.lists.plans import Plan
from petitions.settings import Settings

_RULE = "-" * 72
#: In this order: the signature holds the sums, and the sums hold every file.
COMMANDS = (
    (
        f"openssl pkeyutl -verify -pubin -inkey {manifests.KEY} -rawin "
        f"-in {manifests.SUMS} -sigfile {manifests.SUMS_SIGNATURE}"
    ),
    f"sha256sum -c {manifests.SUMS}",
    f"openssl pkey -pubin -in {manifests.KEY} -outform DER | sha256sum",
)
#: The commands look at no other file.
NOT_NAMED = N_("A list or a statement that sha256sum does not name is not from this site.")
_PROVES = (
    N_("That checks out: nothing was added to these files, taken out or changed since this site signed them."),
    N_(
        "It does not prove that every name is a person's own. A mail address was confirmed for each signature "
        "online; what stands on paper was typed in by the campaign."
    ),
    N_(
        "Whoever withdrew before the date above is in none of the lists, and a name that may not be given to you "
        "is in the numbers alone."
    ),
)


def write_readme(document: Document, plan: Plan, settings: Settings, key: PublicKey) -> bytes:
    """UTF-8, with a line for each paragraph."""
    languages = dict.fromkeys((document.language, SOURCE_LANGUAGE))
    parts = ("\n".join(_write(document, plan, settings, key, translator(code))) for code in languages)
    return f"\n{_RULE}\n\n".join(f"{part}\n" for part in parts).encode()


def _write(document: Document, plan: Plan, settings: Settings, key: PublicKey, words: Translator) -> Iterator[str]:
    def say(message: Message) -> str:
        return words.translate(message)

    yield document.title
    yield ""
    yield from document.addressees
    yield document.url
    yield say(N_("Handed over by %(name)s, with %(site)s", name=document.responsible, site=settings.site_name))
    yield say(N_("As of %(moment)s", moment=words.moment(document.cut_off)))
    yield ""
    yield from _count(document, words)
    if plan.is_filtered:
        yield say(N_("These lists are a part: %(file)s says under “filters” which.", file=manifests.MANIFEST))
    yield ""
    yield say(N_("What is in here"))
    yield ""
    yield f"{manifests.LISTS}  " + say(N_("the lists; every format has the same rows"))
    titles = {
        "signatures": words.gettext("Signatures"),
        "paper": words.gettext("Signatures on paper"),
        "organisations": words.gettext("Organisations"),
    }
    for section in document.sections:
        rows = words.ngettext("%(count)s row", "%(count)s rows", section.rows)
        yield f"        {titles[section.key]}: {rows % {'count': words.number(section.rows)}}"
    yield f"{manifests.STATEMENTS}  " + say(N_("what was signed, in every language and wording"))
    yield f"{manifests.MANIFEST}  " + say(N_("the numbers, and size and SHA-256 of every file, for programs"))
    yield f"{manifests.SUMS}  " + say(N_("the SHA-256 of every file, for sha256sum"))
    for name, signed in ((manifests.SIGNATURE, manifests.MANIFEST), (manifests.SUMS_SIGNATURE, manifests.SUMS)):
        yield f"{name}  " + say(N_("the site's signature of %(file)s (Ed25519)", file=signed))
    yield f"{manifests.KEY}  " + say(N_("the public key for it"))
    yield ""
    yield say(N_("How to check it"))
    yield ""
    yield say(N_("With any computer that has a command line, in the folder in which this file lies:"))
    yield ""
    for command in COMMANDS:
        yield f"    {command}"
    yield ""
    yield say(NOT_NAMED)
    yield say(
        N_(
            "The last line has to say the same as %(page)s, which you open yourself, by an address that you know:",
            page=f"{settings.base_url}/verify",
        )
    )
    yield ""
    yield f"    {grouped(key.fingerprint)}"
    yield ""
    yield say(N_("Whoever has the program itself checks all of this at once: %(command)s", command=_COMMAND))
    yield ""
    yield from map(say, _PROVES)


_COMMAND = "petitions verify PACK.zip --key FINGERPRINT"


def _count(document: Document, words: Translator) -> Iterator[str]:
    counts = document.counts
    yield words.ngettext(
        "%(number)s person has signed online.", "%(number)s people have signed online.", counts.counted
    ) % {"number": words.number(counts.counted)}
    unlisted = counts.unnamed + counts.names_hidden
    if unlisted:
        yield words.ngettext(
            "Of these, %(number)s is counted without a name.",
            "Of these, %(number)s are counted without a name.",
            unlisted,
        ) % {"number": words.number(unlisted)}
    if counts.on_paper:
        yield words.ngettext(
            "%(number)s person has signed on paper.", "%(number)s people have signed on paper.", counts.on_paper
        ) % {"number": words.number(counts.on_paper)}
    if counts.organisations:
        yield words.ngettext(
            "%(number)s organisation co-signs.", "%(number)s organisations co-sign.", counts.organisations
        ) % {"number": words.number(counts.organisations)}
