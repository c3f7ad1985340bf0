"""Mail providers that are so large that no campaign can judge people by them."""

LARGE = frozenset(
    """
    gmail.com googlemail.com google.com
    outlook.com outlook.de outlook.es outlook.fr outlook.it outlook.ie outlook.at outlook.be outlook.pt
    hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it hotmail.be hotmail.nl hotmail.co.uk hotmail.ca
    live.com live.de live.fr live.it live.nl live.ie live.be live.at live.se live.dk live.no live.ca live.co.uk
    msn.com passport.com windowslive.com
    yahoo.com yahoo.es yahoo.fr yahoo.de yahoo.it yahoo.co.uk yahoo.ca yahoo.ie yahoo.at yahoo.gr yahoo.se
    yahoo.com.ar yahoo.com.br yahoo.com.mx yahoo.com.tr yahoo.com.au yahoo.co.in yahoo.in yahoo.co.jp yahoo.co.id
    ymail.com rocketmail.com myyahoo.com
    aol.com aol.de aol.fr aim.com
    icloud.com me.com mac.com
    proton.me protonmail.com protonmail.ch pm.me tutanota.com tutanota.de tuta.io tuta.com tutamail.com keemail.me
    gmx.de gmx.net gmx.at gmx.ch gmx.com gmx.fr gmx.es gmx.us gmx.co.uk web.de mail.com email.com
    t-online.de freenet.de arcor.de vodafone.de posteo.de posteo.net posteo.org mailbox.org magenta.de online.de
    bluewin.ch hispeed.ch sunrise.ch aon.at chello.at a1.net
    libero.it tiscali.it alice.it virgilio.it tin.it inwind.it iol.it fastwebnet.it poste.it tim.it pec.it
    orange.fr wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr numericable.fr aliceadsl.fr cegetel.net
    telefonica.net terra.es ono.com movistar.es telefonica.es euskaltel.net
    sapo.pt clix.pt telenet.be skynet.be proximus.be ziggo.nl kpnmail.nl kpnplanet.nl planet.nl xs4all.nl hetnet.nl
    home.nl casema.nl upcmail.nl
    btinternet.com btopenworld.com sky.com virginmedia.com ntlworld.com blueyonder.co.uk talktalk.net tiscali.co.uk
    eircom.net
    comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net optonline.net
    juno.com roadrunner.com frontier.com windstream.net rogers.com shaw.ca sympatico.ca bell.net
    telus.net videotron.ca bigpond.com bigpond.net.au optusnet.com.au xtra.co.nz
    mail.ru bk.ru list.ru inbox.ru internet.ru yandex.ru yandex.com ya.ru rambler.ru lenta.ru ro.ru
    ukr.net i.ua meta.ua tut.by
    wp.pl o2.pl onet.pl interia.pl op.pl poczta.onet.pl vp.pl gazeta.pl tlen.pl
    seznam.cz email.cz centrum.cz centrum.sk azet.sk freemail.hu citromail.hu abv.bg mail.bg
    otenet.gr forthnet.gr
    telia.com online.no yahoo.no mail.dk stofanet.dk elisanet.fi luukku.com kolumbus.fi
    uol.com.br bol.com.br terra.com.br ig.com.br globo.com hotmail.com.br outlook.com.br hotmail.com.ar
    prodigy.net.mx hotmail.com.mx live.com.mx live.com.ar
    qq.com 163.com 126.com sina.com sohu.com foxmail.com yeah.net naver.com daum.net hanmail.net
    docomo.ne.jp ezweb.ne.jp softbank.ne.jp nifty.com
    rediffmail.com walla.com walla.co.il hotmail.com.tr mynet.com
    riseup.net disroot.org autistici.org inventati.org systemli.org immerda.ch
    fastmail.com fastmail.fm hey.com zoho.com zohomail.com hushmail.com runbox.com mailfence.com startmail.com
    """.split()
)


def is_large(domain: str) -> bool:
    """Whether so many people have addresses there that those who forge them cannot be told by the domain."""
    return domain in LARGE
