"""The addresses of the pages for supporters."""

from starlette.routing import BaseRoute, Route

from petitions.public import confirming, finding, home, leaflets, own, refusing, signer_list, signing, statement

ROUTES: list[BaseRoute] = [
    Route("/", home.show_home),
    Route("/c/{slug}", statement.show_statement),
    Route("/c/{slug}/signatures", signing.sign, methods=["POST"]),
    Route("/c/{slug}/signatures", signer_list.show_signers),
    Route("/c/{slug}/signed", signing.show_signed),
    Route("/c/{slug}/find", finding.find, methods=["POST"]),
    Route("/c/{slug}/find", finding.show_find),
    Route("/c/{slug}/link-sent", finding.show_link_sent),
    Route("/c/{slug}/withdrawn", finding.show_withdrawn),
    Route("/find", finding.find_everywhere, methods=["POST"]),
    Route("/c/{slug}/thanks", confirming.show_thanks),
    Route("/c/{slug}/background", leaflets.show_background),
    Route("/c/{slug}/versions", leaflets.show_versions),
    Route("/c/{slug}/privacy", leaflets.show_privacy),
    Route("/c/{slug}/qr.svg", leaflets.show_qr_svg),
    Route("/c/{slug}/qr.png", leaflets.show_qr_png),
    Route("/confirm", confirming.renew, methods=["POST"]),
    Route("/confirm/{token}", confirming.confirm, methods=["POST"]),
    Route("/confirm/{token}", confirming.show_confirm),
    Route("/confirm/{token}/not-me", refusing.refuse, methods=["POST"]),
    Route("/confirm/{token}/not-me", refusing.show_not_me),
    Route("/entry/{token}", own.follow_neutral_link),
    Route("/signature/{token}", own.change, methods=["POST"]),
    Route("/signature/{token}", own.show_own),
    Route("/signature/{token}/data", own.download_data),
    Route("/signature/{token}/new-link", own.renew_link, methods=["POST"]),
    Route("/signature/{token}/withdraw", own.withdraw, methods=["POST"]),
    Route("/signature/{token}/withdraw", own.show_withdraw),
    Route("/unsubscribe/{token}", refusing.unsubscribe, methods=["POST"]),
    Route("/unsubscribe/{token}", refusing.show_unsubscribe),
]
