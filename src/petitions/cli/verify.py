"""petitions verify"""

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from petitions.cli.context import Exit, fail
from petitions.delivery.site_keys import grouped, parse_public_key
from petitions.delivery.verifying import Report, verify


def verify_pack(
    pack: Annotated[Path, typer.Argument(help="The pack: a file that ends with .zip.")],
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            help="The site's key as you know it from elsewhere: a file (key.pem), or the fingerprint that its "
            "page shows, with or without blanks.",
        ),
    ] = None,
) -> None:
    """Check a pack that a campaign handed over: is it, byte for byte, what its site signed?

    It needs neither the network nor the site, and no settings. Ends with 7 if anything was changed, and with
    8 if nothing was, but no key was given: a forger signs too.

    Example: petitions verify free-ana-sanchez-2026-11-23-pack.zip --key site-key.pem
    """
    known = _read_key(key) if key is not None else None
    try:
        with pack.open("rb") as file:
            report = verify(file, known)
    except OSError as error:
        raise fail(f"{pack} cannot be read: {error.strerror}.", Exit.INPUT) from None
    if not report.is_whole:
        lines = [f"This pack is not what was signed, or not whole. Do not rely on it. {pack}:"]
        lines += [f"  {_printable(problem.file)}: {_printable(problem.words)}" for problem in report.problems]
        raise fail("\n".join(lines), Exit.BROKEN)
    for line in _explain(report):
        typer.echo(line)
    if not report.key_compared:
        raise typer.Exit(Exit.UNCHECKED)


def _read_key(text: str) -> str:
    """The fingerprint or the key, as hexadecimal digits."""
    digits = re.sub(r"[\s:]", "", text).lower()
    if re.fullmatch(r"[0-9a-f]{64}", digits):
        return digits
    try:
        return parse_public_key(Path(text).read_bytes()).fingerprint
    except OSError as error:
        reason = error.strerror
    except ValueError as error:
        reason = str(error)
    print(f"--key: {text} is no fingerprint of 64 digits, and no key: {reason}.", file=sys.stderr)  # noqa: T201
    raise typer.Exit(Exit.INPUT)


def _explain(report: Report) -> list[str]:
    manifest, fingerprint = report.manifest, report.fingerprint
    assert manifest is not None
    assert fingerprint is not None
    campaign, counts, site = manifest["campaign"], manifest["counts"], manifest["site"]
    title = campaign["titles"].get(campaign["language"], campaign["slug"])
    by_whom = "" if report.key_compared else " By whom was not checked: see the end."
    lines = [
        f"This pack is whole: {report.files} files, each as it was signed.{by_whom}",
        "It says of itself:",
        "",
        f"  {title}",
        f"  {campaign['url']}",
        f"  To:           {', '.join(campaign['addressees']) or '–'}",
        f"  By:           {campaign['responsible']}, with {site['name']}",
        f"  As of:        {report.cut_off:%Y-%m-%d %H:%M:%S} UTC",
        f"  People:       {counts['counted']:,}, of them {_unlisted(counts):,} without a name",
    ]
    if counts["on_paper"]:
        lines.append(f"  On paper:     {counts['on_paper']:,}")
    if counts["organisations"]:
        lines.append(f"  Co-signed by: {counts['organisations']:,} organisations")
    for key, words in _LISTS.items():
        if (about := manifest["lists"].get(key)) is not None:
            lines.append(f"  In the lists: {about['rows']:,} {words}{_range(about)}")
    if manifest["filters"]:
        lines.append("  The lists are a part: see “filters” in manifest.json.")
    lines += ["", f"  Signed with the key  {grouped(fingerprint)}", ""]
    if report.key_compared:
        lines += ["It is the key that you gave.", ""]
    lines += _PROVES
    if not report.key_compared:
        lines += _NOT_CHECKED
    return [_printable(line) for line in lines]


_LISTS = {"signatures": "signatures", "paper": "signatures on paper", "organisations": "organisations"}
_PROVES = (
    "This proves: nothing was added to these files, taken out or changed since whoever holds that key signed",
    "them, and the numbers in the manifest add up.",
    "It does not prove that every name is a person's own: for a signature online a mail address was confirmed,",
    "and what stands on paper was typed in. Nor that nobody withdrew since.",
)


#: Not with the address that the pack names: whoever forges a pack has a page of their own.
_NOT_CHECKED = (
    "",
    "NOT CHECKED: whose key that is. Whoever forges a pack signs it too, with a key of their own. Open the page",
    "/verify of the campaign's site, by an address that you know from elsewhere and not from this pack, and",
    "compare all of the fingerprint with the one above; or give it here with --key.",
)


def _unlisted(counts: dict[str, int]) -> int:
    return counts["unnamed"] + counts["names_hidden"]


def _range(about: dict[str, int | None]) -> str:
    first, last = about.get("first"), about.get("last")
    return f", numbers {first:,} to {last:,}" if first is not None and last is not None else ""


def _printable(text: str) -> str:
    """What a file says, without anything that moves the cursor of a terminal or turns the line around."""
    return "".join(c if c.isprintable() else "�" for c in text)
