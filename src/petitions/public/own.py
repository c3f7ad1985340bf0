"""The signer's own page, by the link of their mails: see, change, download, get a new link, withdraw."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import Response

from petitions.clock import utc_now
from petitions.delivery.deliveries import DeliveryRow, find_containing
from petitions.i18n import language_name
from petitions.moderation.acting import list_acts
from petitions.moderation.models import Moderation
from petitions.moderation.removing import REASONS
from petitions.public.campaigns import updates_wording, view_statement
from petitions.public.forms import SignForm, check_consent, own_form_for, said_in
from petitions.public.owner import Owner, for_owner, submit
from petitions.signatures import listing
from petitions.signatures.changing import Change
from petitions.signatures.models import COMMENT_APPROVED, COMMENT_HIDDEN, COMMENT_UNREAD
from petitions.signatures.own import Done
from petitions.signatures.paper import list_theirs
from petitions.signatures.relinking import NewLink
from petitions.signatures.withdrawing import Withdraw
from petitions.web.bodies import read_form
from petitions.web.caching import no_store
from petitions.web.pages import answer, see_other

#: What moderators said of a comment, in the file for its signer.
_COMMENT_STATES = {COMMENT_UNREAD: "not read", COMMENT_APPROVED: "approved", COMMENT_HIDDEN: "hidden"}


async def follow_neutral_link(request: Request) -> Response:
    """The link of mails whose address, too, must not say what they are about."""
    query = "?" + request.url.query if request.url.query else ""
    return see_other(f"/signature/{quote(request.path_params['token'])}{query}")


@for_owner
async def show_own(request: Request, owner: Owner) -> Response:
    """Everything that is stored, with the form to change it."""
    signature = owner.signature
    form = own_form_for(owner.campaign.terms, signature.visibility)(data=_typed(signature))
    return await _answer_own(owner, form, saved="saved" in request.query_params)


def _typed(signature: Row[Any]) -> dict[str, Any]:
    names = ("visibility", "name", "country", "city", "affiliation", "comment", "updates")
    typed = {name: getattr(signature, name) for name in names}
    return typed | {f"q_{key}": answer for key, answer in (signature.answers or {}).items()}


async def _answer_own(owner: Owner, form: SignForm, status: int = 200, *, saved: bool = False) -> Response:
    delivered = await _find_delivered(owner)
    view, signature, own = owner.view(), owner.signature, owner.own
    current = owner.campaign.statements.get(own.statement.language)
    answers, reviewed = signature.answers or {}, owner.campaign.terms.review_comments
    return answer(
        owner.site,
        owner.words,
        "public/own.html",
        owner.path,
        status,
        campaign=view,
        signature=_SignatureView(
            signature, [(q.label, answers[q.key], q.public) for q in view.questions if q.key in answers]
        ),
        shown_as=None if signature.removed_at else listing.show(signature, reviewed=reviewed),
        comment_waits=reviewed and signature.comment_state == COMMENT_UNREAD and _shows_comment(signature),
        former=_former(owner),
        signed=view_statement(own.statement),
        signed_is_current=current is not None and current.id == own.statement.id,
        form=form,
        visibility_choices=form.visibility.allowed,
        updates_wording=own.updates_wording,
        updates_at=signature.updates_at,
        saved=saved,
        closed=view.status == "closed",
        delivered=delivered,
        own_url=owner.url(),
        withdraw_url=owner.url("/withdraw"),
        data_url=owner.url("/data"),
        new_link_url=owner.url("/new-link"),
        privacy_url=owner.privacy_url,
        switch=status == 200,
    )


async def _find_delivered(owner: Owner) -> Sequence[DeliveryRow]:
    """The deliveries that held this signature; what leads keep to themselves of them is not said."""
    return await owner.site.database.read(find_containing, owner.link.campaign_id, owner.signature.serial)


async def _find_on_paper(owner: Owner) -> Sequence[Any]:
    """What they signed on paper, which goes with their signature."""
    signature = owner.signature
    return await owner.site.database.read(
        list_theirs, signature.campaign_id, signature.email_key, signature.serial
    )


def _former(owner: Owner) -> list[tuple[str, str]]:
    """What the campaign asked for once and asks for no more: label, or else the key, and value."""
    terms, signature = owner.campaign.terms, owner.signature
    asked = {question.key for question in terms.questions}
    former = [(key, answer) for key, answer in (signature.answers or {}).items() if key not in asked]
    if terms.affiliation is None and signature.affiliation:
        former.append((owner.words.gettext("Organisation"), signature.affiliation))
    return former


def _shows_comment(signature: Row[Any]) -> bool:
    """Whether its signer wants a comment to be read by anybody."""
    return bool(signature.comment) and signature.visibility in ("public", "addressee")


class _SignatureView:
    """A signature as its page shows it: the same fields, with the answers under their labels."""

    def __init__(self, signature: Row[Any], answers: list[tuple[str, str, bool]]) -> None:
        self.name, self.email, self.country = signature.name, signature.email, signature.country
        self.city, self.affiliation, self.comment = signature.city, signature.affiliation, signature.comment
        self.visibility, self.updates = signature.visibility, signature.updates
        self.drafted_at, self.confirmed_at = signature.drafted_at, signature.confirmed_at
        self.removed = signature.removed_at is not None
        self.removed_reason = REASONS.get(signature.removed_reason)
        self.name_hidden = signature.name_hidden
        self.comment_hidden = signature.comment is not None and signature.comment_state == COMMENT_HIDDEN
        self.language_name = language_name(signature.language)
        self.answers = answers


@for_owner
async def change(request: Request, owner: Owner) -> Response:
    """Store the form; the same form again changes nothing more."""
    data = await read_form(request)
    form = own_form_for(owner.campaign.terms, owner.signature.visibility)(data)
    wording = updates_wording(owner.campaign, owner.view().statement.language, owner.words)
    is_right = form.validate()
    is_right &= owner.signature.updates or check_consent(form, wording)
    if not is_right:
        return await _answer_own(owner, form, 422)
    said = said_in(form, owner.campaign.terms)
    done = await submit(request, owner, Change(owner.link, said, wording, utc_now()))
    return done if isinstance(done, Response) else see_other(owner.url(saved="1") + "#saved")


@for_owner
async def show_withdraw(_request: Request, owner: Owner) -> Response:
    """What withdrawing means, and the button."""
    on_paper = await _find_on_paper(owner)
    return answer(
        owner.site,
        owner.words,
        "public/withdraw.html",
        f"{owner.path}/withdraw",
        campaign=owner.view(),
        signature=_SignatureView(owner.signature, []),
        on_paper=len(on_paper),
        withdraw_url=owner.url("/withdraw"),
        own_url=owner.url(),
        privacy_url=owner.privacy_url,
    )


@for_owner
async def withdraw(request: Request, owner: Owner) -> Response:
    """Erase the signature; the button again says the same."""
    done = await submit(request, owner, Withdraw(owner.link, utc_now()))
    if isinstance(done, Response):
        return done
    return see_other(f"/c/{owner.own.slug}/withdrawn?lang={owner.words.language}")


@for_owner
async def renew_link(request: Request, owner: Owner) -> Response:
    """Make every earlier link worthless and mail a new one."""
    done = await submit(request, owner, NewLink(owner.link, utc_now()))
    if isinstance(done, Response):
        return done
    if done is Done.DONE:
        return see_other(f"/c/{owner.own.slug}/link-sent?lang={owner.words.language}")
    return answer(
        owner.site,
        owner.words,
        "public/new_link_sent.html",
        owner.path,
        429,
        campaign=owner.view(),
        sent=False,
        own_url=owner.url(),
        privacy_url=owner.privacy_url,
        switch=False,
    )


@for_owner
async def download_data(_request: Request, owner: Owner) -> Response:
    """Everything that is stored of the signature, for the signer (GDPR Art. 15 and 20)."""
    acts = await owner.site.database.read(list_acts, owner.link.campaign_id, owner.link.row_id)
    delivered = await _find_delivered(owner)
    on_paper = await _find_on_paper(owner)
    data = _data_of(owner, acts, delivered) | {"on_paper": [_row_of(row) for row in on_paper]}
    text = json.dumps(data, ensure_ascii=False, indent=2)
    response = Response(text, media_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="signature-{owner.own.slug}.json"'
    response.headers["X-Robots-Tag"] = "noindex"
    no_store(response)
    return response


def _row_of(row: Any) -> dict[str, Any]:
    """A line of a sheet that has the address of the signature, or of which somebody said that it is of the same
    person. Without the name: a household may share an address."""
    entered_at = row.entered_at.isoformat()
    return {"sheet": row.sheet, "line": row.line, "date": row.signed_on, "entered_at": entered_at}


def _data_of(owner: Owner, acts: Sequence[Moderation], delivered: Sequence[DeliveryRow]) -> dict[str, Any]:
    signature, own = owner.signature, owner.own
    statement = view_statement(own.statement)
    return {
        "campaign": own.slug,
        "number": signature.serial,
        **{name: value for name, value in _typed(signature).items() if not name.startswith("q_")},
        "email": signature.email,
        "answers": signature.answers or {},
        "interface_language": signature.language,
        "drafted_at": signature.drafted_at.isoformat(),
        "confirmed_at": signature.confirmed_at.isoformat(),
        "removed_at": signature.removed_at.isoformat() if signature.removed_at else None,
        "removed_reason": signature.removed_reason,
        "name_hidden": signature.name_hidden,
        "comment_state": _COMMENT_STATES.get(signature.comment_state),
        # What moderators did with it, without their names; what was done together with others is not among it.
        "moderated": [
            {"action": one.action, "reason": one.reason, "at": one.at.isoformat()} for one in reversed(acts)
        ],
        # Which lists that held it were handed to whom, also those that the campaign's page does not name.
        "delivered": [
            {"on": one.delivered_on.isoformat(), "to": one.recipient, "way": one.way} for one in delivered
        ],
        "consent_version": signature.consent_version,
        "updates_wording": own.updates_wording,
        "updates_at": signature.updates_at.isoformat() if signature.updates_at else None,
        "statement": asdict(statement),
    }
