"""The content of a campaign while leads write it: everything that a campaign's files say, finished or not."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from petitions.campaigns.exporting import check_settings
from petitions.campaigns.files import CampaignFiles, Wording, check_dates, check_retention, check_slug
from petitions.campaigns.reading import TermsError, read_terms
from petitions.campaigns.terms import write_terms
from petitions.campaigns.wordings import find_flaws, tidy_wording
from petitions.i18n import is_language_tag


@dataclass(frozen=True)
class Texts:
    """The texts in one language. `follows` is the digest of the default language's texts that a translation was
    last compared with: it lags behind when those were changed since."""

    title: str = ""
    summary: str = ""
    body: str = ""
    demands: tuple[str, ...] = ()
    background: str = ""
    follows: str = ""

    def digest(self) -> str:
        """What a translation follows."""
        parts = (self.title, self.summary, self.body, *self.demands, "", self.background)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def is_empty(self) -> bool:
        return not (self.title or self.summary or self.body or self.demands or self.background)


@dataclass(frozen=True)
class Content:
    """`terms` has the shape of campaign.toml without slug, default_language and dates; what is missing or wrong in
    it is found when it is to be published."""

    default_language: str
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    terms: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, Texts] = field(default_factory=dict)  # by language

    @property
    def languages(self) -> tuple[str, ...]:
        """The default first."""
        return (self.default_language, *sorted(set(self.texts) - {self.default_language}))

    def lagging(self) -> frozenset[str]:
        """Languages whose texts were not looked at since those of the default language changed."""
        default = self.texts.get(self.default_language, Texts()).digest()
        return frozenset(
            language
            for language, texts in self.texts.items()
            if language != self.default_language and texts.follows != default
        )


def write_content(content: Content) -> dict[str, Any]:
    """As JSON, which `read_content` reads."""
    return {
        "default_language": content.default_language,
        "opens_at": content.opens_at.isoformat() if content.opens_at else None,
        "closes_at": content.closes_at.isoformat() if content.closes_at else None,
        "terms": dict(content.terms),
        "texts": {
            language: {**vars(texts), "demands": list(texts.demands)} for language, texts in content.texts.items()
        },
    }


def read_content(data: Mapping[str, Any]) -> Content:
    """Content as it was written."""
    return Content(
        default_language=data["default_language"],
        opens_at=_moment(data["opens_at"]),
        closes_at=_moment(data["closes_at"]),
        terms=data["terms"],
        texts={
            language: Texts(**{**texts, "demands": tuple(texts["demands"])})
            for language, texts in data["texts"].items()
        },
    )


def content_of(files: CampaignFiles) -> Content:
    """What these files say; every translation follows the default language."""
    plain = {
        language: Texts(w.title, w.summary, w.body, w.demands, w.background or "")
        for language, w in files.wordings.items()
    }
    follows = plain[files.default_language].digest()
    texts = {language: replace(t, follows=follows) for language, t in plain.items()}
    return Content(files.default_language, files.opens_at, files.closes_at, write_terms(files.terms), texts)


def to_files(slug: str, content: Content, now: datetime) -> CampaignFiles:
    """The content, if it is whole and right; else raises TermsError, as a file with the same mistake would."""
    check_slug(slug)
    if content.default_language not in content.texts:
        raise TermsError("default_language", "expected a language with a text")
    wordings = {language: wording_of(texts) for language, texts in content.texts.items()}
    for language, wording in wordings.items():
        if not is_language_tag(language):
            raise TermsError("texts", "expected languages like en or pt-BR")
        for flaw in find_flaws(wording):
            raise TermsError(f"{language}.{flaw.part}", flaw.message % flaw.message.values)
    check_dates(content.opens_at, content.closes_at)
    terms = read_terms({"retention": {}} | dict(content.terms), sorted(content.texts))
    check_retention(terms.retention, content.closes_at, now)
    files = CampaignFiles(slug, content.default_language, content.opens_at, content.closes_at, terms, wordings)
    check_settings(files)
    return files


def wording_of(texts: Texts) -> Wording:
    """The texts as they would be published."""
    return tidy_wording(texts.title, texts.summary, texts.body, texts.demands, texts.background)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
