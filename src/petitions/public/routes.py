"""The addresses of the pages for supporters."""

from starlette.routing import BaseRoute, Route

from petitions.public import confirming, home, leaflets, signer_list, signing, statement

ROUTES: list[BaseRoute] = [
    Route("/", home.show_home),
    Route("/c/{slug}", statement.show_statement),
    Route("/c/{slug}/signatures", signing.sign, methods=["POST"]),
    Route("/c/{slug}/signatures", signer_list.show_signers),
    Route("/c/{slug}/signed", signing.show_signed),
    Route("/c/{slug}/thanks", confirming.show_thanks),
    Route("/c/{slug}/background", leaflets.show_background),
    Route("/c/{slug}/privacy", leaflets.show_privacy),
    Route("/c/{slug}/qr.svg", leaflets.show_qr_svg),
    Route("/c/{slug}/qr.png", leaflets.show_qr_png),
    Route("/confirm", confirming.renew, methods=["POST"]),
    Route("/confirm/{token}", confirming.confirm, methods=["POST"]),
    Route("/confirm/{token}", confirming.show_confirm),
]
