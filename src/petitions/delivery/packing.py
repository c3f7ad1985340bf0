"""Packs: everything that is handed over, in one archive that its recipient can check without us."""

import hashlib
from collections.abc import Sequence

from petitions.campaigns.queries import CampaignSnapshot
from petitions.delivery import manifests
from petitions.delivery.readme import write_readme
from petitions.delivery.site_keys import signing_key
from petitions.delivery.zips import ZipEntry
from petitions.lists.cuts import Cut
from petitions.lists.documents import Wording
from petitions.lists.folders import MadeFile
from petitions.lists.gathering import Gathered
from petitions.lists.plans import Plan
from petitions.settings import Settings


def pack(
    campaign: CampaignSnapshot,
    plan: Plan,
    cut: Cut,
    gathered: Gathered,
    lists: Sequence[MadeFile],
    settings: Settings,
) -> tuple[list[ZipEntry], str]:
    """The files of a pack in their order, and the SHA-256 of its manifest. Raises SettingsError where this site
    has no key to sign with."""
    key = signing_key(settings)
    document = gathered.document
    papers = {
        manifests.README: write_readme(document, plan, settings, key.public),
        manifests.KEY: key.public.pem,
    }
    for wording in document.wordings:
        name = manifests.wording_file(wording.language, wording.version)
        papers[name] = write_wording(wording)
    described = [
        manifests.describe_file(name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in papers.items()
    ]
    described += [manifests.describe_list(file) for file in lists]
    manifest = manifests.dump(manifests.build(campaign, plan, cut, gathered, described, key.public, settings))
    digest = hashlib.sha256(manifest).hexdigest()
    sums = manifests.sums(described, digest)
    above = {
        manifests.MANIFEST: manifest,
        manifests.SIGNATURE: key.sign(manifest),
        manifests.SUMS: sums,
        manifests.SUMS_SIGNATURE: key.sign(sums),  # recipients without a program check nothing but this one
    }
    readme = papers.pop(manifests.README)
    entries = [
        ZipEntry.of(name, content) for name, content in ({manifests.README: readme} | above | papers).items()
    ]
    entries += [ZipEntry(manifests.LISTS + file.name, file.size, file.crc, file.read) for file in lists]
    return entries, digest


def write_wording(wording: Wording) -> bytes:
    """A statement as it was or is signed, as text."""
    demands = "\n".join(f"{number}. {demand}" for number, demand in enumerate(wording.demands, 1))
    parts = (f"# {wording.title}", wording.summary, wording.body, demands)
    return ("\n\n".join(part.strip() for part in parts if part.strip()) + "\n").encode()
