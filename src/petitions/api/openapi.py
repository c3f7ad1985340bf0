"""The description of the public JSON (OpenAPI 3.1)."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from petitions.delivery.deliveries import WAYS
from petitions.organisations.kinds import KINDS
from petitions.web.caching import CachedPage, make_page
from petitions.web.site import site_of


def _object(properties: dict[str, Any], required: bool = True) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    return schema | ({"required": list(properties)} if required else {})


def _array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


_TEXT = {"type": "string"}
_URL = {"type": "string", "format": "uri"}
_COUNT = {"type": "integer", "minimum": 0}
_MOMENT = {"type": ["string", "null"], "format": "date-time"}
_BY_LANGUAGE = {
    "type": "object",
    "description": "A text for each language, by BCP 47 tag.",
    "additionalProperties": _TEXT,
}

_SUMMARY = {
    "slug": _TEXT,
    "url": _URL,
    "status": {"type": "string", "enum": ["upcoming", "open", "closed"]},
    "default_language": _TEXT,
    "languages": _array(_TEXT),
    "title": _BY_LANGUAGE,
    "count": _COUNT | {"description": "Confirmed signatures that are not removed."},
    "on_paper": _COUNT | {"description": "Signatures on paper that count; not in `count`."},
    "organisations": _object({"count": _COUNT, "members": _COUNT})
    | {"description": "Organisations that co-sign; `members`: whom they represent, as far as they say."},
    "goal": {"type": ["integer", "null"], "description": "The next step; the last once all are reached."},
    "opens_at": _MOMENT,
    "closes_at": _MOMENT,
    "signers": _array({"type": "string", "enum": ["individuals", "organisations"]}),
}
_STATEMENT = _object(
    {
        "version": {"type": "integer", "minimum": 1},
        "direction": {"type": "string", "enum": ["ltr", "rtl"]},
        "title": _TEXT,
        "summary": _TEXT,
        "body_markdown": _TEXT,
        "demands_markdown": _array(_TEXT),
    }
)
_CAMPAIGN = _SUMMARY | {
    "addressees": _array(_BY_LANGUAGE),
    "initiator": {"anyOf": [_object({"name": _TEXT, "url": {"type": ["string", "null"]}}), {"type": "null"}]},
    "goal_steps": _array({"type": "integer", "minimum": 1}),
    "links": _array(_object({"label": _BY_LANGUAGE, "url": _URL})),
    "statements": {"type": "object", "additionalProperties": _STATEMENT},
}

_ROUNDED = {
    "type": ["integer", "null"],
    "minimum": 0,
    "description": "Rounded to tens, as of `looked_at`; null while nobody has looked.",
}
#: Null while nobody has looked.
_HOURLY = _COUNT | {"type": ["integer", "null"]}
_RECKONING = {
    "slug": _TEXT,
    "confirmed": _HOURLY
    | {"description": "Ever: `counted` + `removed` + `withdrawn` + `removed_then_withdrawn`, while `drift` is 0."},
    "counted": _HOURLY | {"description": "As of `looked_at`; the live number is in the campaign."},
    "removed": _HOURLY | {"description": "By the campaign, each with a reason."},
    "removed_by_reason": {"type": "object", "additionalProperties": _COUNT},
    "withdrawn": _HOURLY | {"description": "By their signers."},
    "removed_then_withdrawn": _HOURLY | {"description": "Removed by the campaign, then erased by their signers."},
    "names_erased": _HOURLY | {"description": "Of those counted: everything personal is erased."},
    "on_paper": _HOURLY | {"description": "On paper, and in no other of these numbers."},
    "on_paper_waiting": _HOURLY
    | {"description": "On paper, and not counted before somebody says whether they are somebody else."},
    "on_paper_repeated": _HOURLY
    | {"description": "On paper, and not counted: the same person signed online, or on another sheet."},
    "waiting": _ROUNDED,
    "held": _ROUNDED,
    "looked_at": _MOMENT,
    "recounted_at": _MOMENT,
    "drift": {"type": "integer", "description": "Found by the last recount; above 0: the page said too much."},
}

_TEXT_OR_NULL = {"type": ["string", "null"]}
_ORGANISATION = {
    "name": _TEXT,
    "kind": {"type": "string", "enum": list(KINDS)},
    "country": _TEXT | {"description": "ISO 3166-1 alpha-2."},
    "city": _TEXT_OR_NULL,
    "website": _TEXT_OR_NULL | {"format": "uri"},
    "logo": _TEXT_OR_NULL | {"format": "uri", "description": "WebP; another picture has another address."},
    "members": {"type": ["integer", "null"], "minimum": 1, "description": "Whom it represents, as it says."},
    "comment": _TEXT_OR_NULL,
    "language": _TEXT | {"description": "Of the comment."},
    "pin": {"type": ["integer", "null"], "description": "Those with a number come first on the page."},
    "signed_earlier_wording": {"type": "boolean"},
}
_ORGANISATIONS = {
    "slug": _TEXT,
    "count": _COUNT,
    "members": _COUNT,
    "organisations": _array(_object(_ORGANISATION)),
}
_DELIVERIES = {
    "slug": _TEXT,
    "deliveries": _array(
        _object(
            {
                "delivered_on": {"type": "string", "format": "date"},
                "recipient": _TEXT,
                "way": {"type": "string", "enum": list(WAYS)},
                "signatures": _COUNT | {"description": "Of people online, by name or initials."},
                "on_paper": _COUNT,
                "organisations": _COUNT,
                "counted_by": {
                    "type": "string",
                    "enum": ["site", "campaign"],
                    "description": "`site`: the numbers are those of a list that was made here.",
                },
                "note": _TEXT_OR_NULL,
                "pictures": _array(_object({"url": _URL, "description": _TEXT})),
            }
        )
    ),
}


def _answer(description: str, media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {media_type: {"schema": schema}}}


_PROBLEM = _answer(
    "An error (RFC 9457).",
    "application/problem+json",
    _object({"title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT}),
)


def describe(base_url: str) -> dict[str, Any]:
    """The OpenAPI document of a site."""
    slug = {"name": "slug", "in": "path", "required": True, "schema": _TEXT}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "petitions",
            "version": "1",
            "description": "What the campaign pages show, as JSON. Open to every site; no personal data.",
        },
        "servers": [{"url": base_url}],
        "paths": {
            "/api/v1/campaigns": {
                "get": {
                    "summary": "Every published campaign.",
                    "responses": {
                        "200": _answer(
                            "The campaigns, the newest first.",
                            "application/json",
                            _object({"campaigns": _array(_object(_SUMMARY))}),
                        ),
                        "503": _PROBLEM,
                    },
                }
            },
            "/api/v1/campaigns/{slug}": {
                "get": {
                    "summary": "One campaign, with its texts.",
                    "parameters": [slug],
                    "responses": {
                        "200": _answer("The campaign.", "application/json", _object(_CAMPAIGN)),
                        "404": _PROBLEM,
                        "503": _PROBLEM,
                    },
                }
            },
            "/api/v1/campaigns/{slug}/organisations": {
                "get": {
                    "summary": "The organisations that co-sign.",
                    "parameters": [slug],
                    "responses": {
                        "200": _answer(
                            "All of them, the first that asked first.", "application/json", _object(_ORGANISATIONS)
                        ),
                        "404": _PROBLEM,
                        "503": _PROBLEM,
                    },
                }
            },
            "/api/v1/campaigns/{slug}/deliveries": {
                "get": {
                    "summary": "What was delivered to whom, and when.",
                    "parameters": [slug],
                    "responses": {
                        "200": _answer(
                            "The deliveries, the newest first.", "application/json", _object(_DELIVERIES)
                        ),
                        "404": _PROBLEM,
                        "503": _PROBLEM,
                    },
                }
            },
            "/api/v1/campaigns/{slug}/count": {
                "get": {
                    "summary": "What became of everything that was ever confirmed, told once an hour.",
                    "parameters": [slug],
                    "responses": {
                        "200": _answer("The numbers of one moment.", "application/json", _object(_RECKONING)),
                        "404": _PROBLEM,
                        "503": _PROBLEM,
                    },
                }
            },
        },
    }


async def show_openapi(request: Request) -> Response:
    site = site_of(request)

    async def make() -> CachedPage:
        return make_page(
            json.dumps(describe(site.settings.base_url)).encode(),
            "application/json",
            [(b"access-control-allow-origin", b"*")],
        )

    return await site.pages.respond(("api", "openapi"), make)
