"""The signer's own page, by the link of their mails: see, change, download, get a new link, withdraw."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.errors import IntakeFull, IntakeRejected, LinkInvalid, StoreUnavailable
from petitions.i18n import Translator, language_name, translator
from petitions.public.campaigns import slug_of, updates_wording, view_campaign, view_statement
from petitions.public.forms import AddressForm, SignForm, own_form_for, said_in
from petitions.public.signing import read_form, texts_of
from petitions.public.views import CampaignView
from petitions.signatures import listing
from petitions.signatures.changing import Change
from petitions.signatures.letters import CONFIRM_PURPOSE
from petitions.signatures.models import Signature
from petitions.signatures.own import (
    OWN_PURPOSE,
    Action,
    Done,
    OwnSignature,
    find_own,
    is_waiting,
    was_withdrawn,
)
from petitions.signatures.relinking import NewLink
from petitions.signatures.withdrawing import Withdraw
from petitions.tokens import Named
from petitions.web.caching import no_store
from petitions.web.errors import error_response
from petitions.web.languages import resolve_for, translator_for
from petitions.web.pages import answer
from petitions.web.site import Site, site_of


@dataclass(frozen=True)
class _Owner:
    """Somebody with a link that works."""

    site: Site
    words: Translator
    token: str
    link: Named
    own: OwnSignature
    campaign: CampaignSnapshot

    @property
    def signature(self) -> Signature:
        return self.own.signature

    @property
    def path(self) -> str:
        return f"/signature/{self.token}"

    def url(self, below: str = "", **query: str) -> str:
        """An address of this page, in the signer's language."""
        more = "".join(f"&{name}={value}" for name, value in query.items())
        return f"{self.path}{below}?lang={self.words.language}{more}"

    def view(self) -> CampaignView:
        statements, language = self.campaign.statements, self.words.language
        statement = statements.get(language) or statements[self.campaign.default_language]
        return view_campaign(self.campaign, statement, self.words, self.site.settings.base_url, 0, utc_now())


Handler = Callable[[Request], Awaitable[Response]]


def _for_owner(handler: Callable[[Request, _Owner], Awaitable[Response]]) -> Handler:
    """Find what the link leads to; a link that leads to nothing gets one page, whatever the reason."""

    async def handle(request: Request) -> Response:
        site, token = site_of(request), request.path_params["token"]
        try:
            link = site.tokens.read(OWN_PURPOSE, token, utc_now())
        except LinkInvalid:
            return answer_dead_link(request)
        try:
            own = await site.database.read(find_own, link)
        except LinkInvalid:
            return await _without_signature(request, site, link)
        except StoreUnavailable as error:
            return await _unavailable(request, error)
        words = translator(resolve_for(request, default=own.signature.language)[0])
        campaign = await site.campaigns.get(own.slug)
        return await handler(request, _Owner(site, words, token, link, own, campaign))

    return handle


async def _without_signature(request: Request, site: Site, link: Named) -> Response:
    """What waits to be confirmed has a page of its own; what was withdrawn just now is said again."""
    if await site.database.read(is_waiting, link):
        token = site.tokens.make(CONFIRM_PURPOSE, link.campaign_id, link.row_id)
        return _see_other(f"/confirm/{token}?lang={translator_for(request).language}")
    if await site.database.read(was_withdrawn, link):
        slug = await slug_of(site, link.campaign_id)
        return _see_other(f"/c/{slug}/withdrawn?lang={translator_for(request).language}")
    return answer_dead_link(request)


@_for_owner
async def show_own(request: Request, owner: _Owner) -> Response:
    """Everything that is stored, with the form to change it."""
    signature = owner.signature
    form = own_form_for(owner.campaign.terms, signature.visibility)(data=_typed(signature))
    return _answer_own(owner, form, saved="saved" in request.query_params)


def _typed(signature: Signature) -> dict[str, Any]:
    names = ("visibility", "name", "country", "city", "affiliation", "comment", "updates")
    typed = {name: getattr(signature, name) for name in names}
    return typed | {f"q_{key}": answer for key, answer in (signature.answers or {}).items()}


def _answer_own(owner: _Owner, form: SignForm, status: int = 200, *, saved: bool = False) -> Response:
    view, signature, own = owner.view(), owner.signature, owner.own
    current = owner.campaign.statements.get(own.statement.language)
    answers = signature.answers or {}
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
        shown_as=None if signature.removed_at else listing.show(signature),
        signed=view_statement(own.statement),
        signed_is_current=current is not None and current.id == own.statement.id,
        form=form,
        visibility_choices=form.visibility.allowed,
        updates_wording=own.updates_wording,
        updates_at=signature.updates_at,
        saved=saved,
        closed=view.status == "closed",
        own_url=owner.url(),
        withdraw_url=owner.url("/withdraw"),
        data_url=owner.url("/data"),
        new_link_url=owner.url("/new-link"),
        privacy_url=f"/c/{own.slug}/privacy?lang={owner.words.language}",
        switch=status == 200,
    )


class _SignatureView:
    """A signature as its page shows it: the same fields, with the answers under their labels."""

    def __init__(self, signature: Signature, answers: list[tuple[str, str, bool]]) -> None:
        self.name, self.email, self.country = signature.name, signature.email, signature.country
        self.city, self.affiliation, self.comment = signature.city, signature.affiliation, signature.comment
        self.visibility, self.updates = signature.visibility, signature.updates
        self.drafted_at, self.confirmed_at = signature.drafted_at, signature.confirmed_at
        self.removed = signature.removed_at is not None
        self.language_name = language_name(signature.language)
        self.answers = answers


@_for_owner
async def change(request: Request, owner: _Owner) -> Response:
    """Store the form; the same form again changes nothing more."""
    data = await read_form(request)
    form = own_form_for(owner.campaign.terms, owner.signature.visibility)(data)
    if not form.validate():
        return _answer_own(owner, form, 422)
    wording = updates_wording(owner.campaign, owner.view().statement.language, owner.words)
    said = said_in(form, owner.campaign.terms)
    done = await _submit(request, owner, Change(owner.link, said, wording, utc_now()))
    return done if isinstance(done, Response) else _see_other(owner.url(saved="1") + "#saved")


async def _submit(request: Request, owner: _Owner, action: Action) -> Done | Response:
    """Have it done; where the link leads to nothing any more, or the store is away, the page that says so."""
    try:
        done = await owner.site.owning.submit(action)
    except (IntakeFull, IntakeRejected, StoreUnavailable) as error:
        return await _unavailable(request, error)
    return answer_dead_link(request) if done is Done.GONE else done


async def _unavailable(request: Request, error: Exception) -> Response:
    if request.method != "POST":
        return error_response(request, error)
    target = request.url.path + ("?" + request.url.query if request.url.query else "")
    return error_response(request, error, (target, texts_of(await request.form())))


@_for_owner
async def show_withdraw(_request: Request, owner: _Owner) -> Response:
    """What withdrawing means, and the button."""
    return answer(
        owner.site,
        owner.words,
        "public/withdraw.html",
        f"{owner.path}/withdraw",
        campaign=owner.view(),
        signature=_SignatureView(owner.signature, []),
        withdraw_url=owner.url("/withdraw"),
        own_url=owner.url(),
        privacy_url=f"/c/{owner.own.slug}/privacy?lang={owner.words.language}",
    )


@_for_owner
async def withdraw(request: Request, owner: _Owner) -> Response:
    """Erase the signature; the button again says the same."""
    done = await _submit(request, owner, Withdraw(owner.link, utc_now()))
    if isinstance(done, Response):
        return done
    return _see_other(f"/c/{owner.own.slug}/withdrawn?lang={owner.words.language}")


@_for_owner
async def renew_link(request: Request, owner: _Owner) -> Response:
    """Make every earlier link worthless and mail a new one."""
    done = await _submit(request, owner, NewLink(owner.link, utc_now()))
    if isinstance(done, Response):
        return done
    return answer(
        owner.site,
        owner.words,
        "public/new_link_sent.html",
        owner.path,
        429 if done is Done.TOO_MANY_MAILS else 200,
        campaign=owner.view(),
        sent=done is Done.DONE,
        own_url=owner.url(),
        switch=False,
    )


@_for_owner
async def download_data(_request: Request, owner: _Owner) -> Response:
    """Everything that is stored of the signature, for the signer (GDPR Art. 15 and 20)."""
    text = json.dumps(_data_of(owner), ensure_ascii=False, indent=2)
    response = Response(text, media_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="signature-{owner.own.slug}.json"'
    no_store(response)
    return response


def _data_of(owner: _Owner) -> dict[str, Any]:
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
        "consent_version": signature.consent_version,
        "updates_wording": own.updates_wording,
        "updates_at": signature.updates_at.isoformat() if signature.updates_at else None,
        "statement": asdict(statement),
    }


def _see_other(url: str) -> Response:
    response = RedirectResponse(url, 303)
    no_store(response)
    return response


def answer_dead_link(request: Request, form: AddressForm | None = None, status: int = 404) -> Response:
    """One page for every link that leads to nothing: damaged, foreign, replaced, or its signature is gone."""
    words = translator_for(request)
    return answer(
        site_of(request),
        words,
        "public/own_link_invalid.html",
        "/",
        status,
        form=form or AddressForm(),
        find_action=f"/find?lang={words.language}",
        switch=False,
    )
