"""Links that say no: "it wasn't me" of the confirm mail, and the one click that stops mails (RFC 8058)."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from petitions.clock import utc_now
from petitions.errors import IntakeFull, IntakeRejected, LinkInvalid, StoreUnavailable
from petitions.public.campaigns import slug_of, view_campaign
from petitions.public.owner import answer_dead_link
from petitions.signatures import refusing
from petitions.signatures.changing import Unsubscription
from petitions.signatures.letters import CONFIRM_PURPOSE
from petitions.signatures.own import OWN_PURPOSE, UNSUBSCRIBE_PURPOSE
from petitions.signatures.refusing import Standing
from petitions.tokens import CONFIRM_LIFETIME, Named
from petitions.web.errors import address_of, error_response
from petitions.web.languages import translator_for
from petitions.web.pages import answer, see_other
from petitions.web.site import site_of


async def show_not_me(request: Request) -> Response:
    """What the button does. Opening the link changes nothing: mail scanners do that."""
    try:
        link = _read_confirm_link(request)
        standing = await site_of(request).database.read(refusing.find_standing, link.campaign_id, link.row_id)
        return await _answer_not_me(request, link, standing)
    except LinkInvalid:
        return answer_dead_link(request)


async def refuse(request: Request) -> Response:
    """Remove the drafts of the address, and mail it no more; or, with `undo`, let it sign again."""
    site = site_of(request)
    try:
        link = _read_confirm_link(request)
        if "undo" in request.query_params:
            await site.owning.submit(refusing.TakeBack(link))
            slug = await slug_of(site, link.campaign_id)
            return see_other(f"/c/{slug}?lang={translator_for(request).language}")
        await site.owning.submit(refusing.Refuse(link, utc_now()))
        standing = await site.database.read(refusing.find_standing, link.campaign_id, link.row_id)
        return await _answer_not_me(request, link, standing)
    except LinkInvalid:
        return answer_dead_link(request)
    except (IntakeFull, IntakeRejected, StoreUnavailable) as error:
        target = address_of(request)
        return error_response(request, error, (target, []))


def _read_confirm_link(request: Request) -> Named:
    token = request.path_params["token"]
    return site_of(request).tokens.read(CONFIRM_PURPOSE, token, utc_now(), CONFIRM_LIFETIME)


async def _answer_not_me(request: Request, link: Named, standing: Standing) -> Response:
    site, words = site_of(request), translator_for(request)
    if standing is Standing.GONE:
        raise LinkInvalid
    if standing is Standing.SIGNED:
        # It was confirmed from this very mailbox; whoever reads the mail withdraws it there.
        token = site.tokens.make(OWN_PURPOSE, link.campaign_id, link.row_id)
        return see_other(f"/signature/{token}/withdraw?lang={words.language}")
    path = f"/confirm/{request.path_params['token']}/not-me"
    return await _answer(
        request,
        link,
        "public/not_me.html",
        path,
        state="ask" if standing is Standing.WAITING else "done",
        not_me_url=f"{path}?lang={words.language}",
        undo_url=f"{path}?lang={words.language}&undo=1",
    )


async def show_unsubscribe(request: Request) -> Response:
    """What the button does, for those who open the link of an update mail."""
    try:
        return await _answer_unsubscribe(request, _read_unsubscribe_link(request), "ask")
    except LinkInvalid:
        return answer_dead_link(request)


async def unsubscribe(request: Request) -> Response:
    """Stop the mails: the button, or the mail program itself (RFC 8058). The same answer in every case."""
    try:
        link = _read_unsubscribe_link(request)
        await site_of(request).owning.submit(Unsubscription(link))
        return await _answer_unsubscribe(request, link, "done")
    except LinkInvalid:
        return answer_dead_link(request)
    except (IntakeFull, IntakeRejected, StoreUnavailable) as error:
        target = address_of(request)
        return error_response(request, error, (target, []))


def _read_unsubscribe_link(request: Request) -> Named:
    return site_of(request).tokens.read(UNSUBSCRIBE_PURPOSE, request.path_params["token"], utc_now())


async def _answer_unsubscribe(request: Request, link: Named, state: str) -> Response:
    path = f"/unsubscribe/{request.path_params['token']}"
    url = f"{path}?lang={translator_for(request).language}"
    return await _answer(request, link, "public/unsubscribe.html", path, state=state, unsubscribe_url=url)


async def _answer(request: Request, link: Named, template: str, path: str, **context: Any) -> Response:
    site, words = site_of(request), translator_for(request)
    campaign = await site.campaigns.get(await slug_of(site, link.campaign_id))
    statement = campaign.statements.get(words.language) or campaign.statements[campaign.default_language]
    return answer(
        site,
        words,
        template,
        path,
        campaign=view_campaign(campaign, statement, words, site.settings.base_url, 0, utc_now()),
        privacy_url=f"/c/{campaign.slug}/privacy?lang={words.language}",
        switch=request.method == "GET",
        **context,
    )
