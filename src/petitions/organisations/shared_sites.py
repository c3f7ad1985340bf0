"""Sites on which many have a page, so that the site's name says nothing about any of them."""

#: Each has an address below one host: facebook.com/union. Their names are nobody's domain.
BY_PATH = frozenset(
    """
    facebook.com fb.com fb.me fb.org messenger.com instagram.com threads.net threads.com whatsapp.com wa.me
    x.com twitter.com t.co t.me telegram.me telegram.org telegram.dog discord.com discord.gg signal.group
    youtube.com youtu.be vimeo.com tiktok.com twitch.tv soundcloud.com spotify.com flickr.com pinterest.com
    linkedin.com xing.com reddit.com vk.com vk.ru ok.ru dzen.ru rutube.ru weibo.com douban.com zhihu.com
    mastodon.social mastodon.online mastodon.world chaos.social mas.to social.coop kolektiva.social todon.eu
    bsky.app bsky.social pixelfed.social tumblr.com
    linktr.ee linkin.bio lnk.bio bio.link beacons.ai about.me campsite.bio taplink.cc solo.to allmylinks.com
    bit.ly tinyurl.com goo.gl ow.ly is.gd cutt.ly rebrand.ly shorturl.at tiny.cc lnkd.in buff.ly
    google.com googleusercontent.com withgoogle.com forms.gle g.co g.page google.de google.co.uk google.fr
    google.es google.it google.ru
    microsoft.com office.com live.com sharepoint.com onedrive.com dropbox.com icloud.com box.com mega.nz
    yandex.ru yandex.com ya.ru mail.ru
    medium.com patreon.com ko-fi.com buymeacoffee.com opencollective.com liberapay.com gofundme.com betterplace.org
    goteo.org change.org avaaz.org openpetition.de openpetition.eu actionnetwork.org actionbutton.co
    eventbrite.com eventbrite.co.uk meetup.com mobilize.us
    github.com gitlab.com codeberg.org bitbucket.org sourceforge.net
    notion.so trello.com padlet.com canva.com prezi.com issuu.com scribd.com academia.edu researchgate.net
    wikipedia.org wikimedia.org wikidata.org fandom.com archive.org archive.today
    cryptpad.fr framaforms.org framasoft.org mobilizon.fr
    """.split()
)

#: Each has a name below theirs, as on those of the public suffix list: union.wordpress.com is its own.
BY_NAME = frozenset(
    """
    wordpress.com livejournal.com substack.com tumblr.com typepad.com hatenablog.com over-blog.com canalblog.com
    overblog.com skyrock.com blogger.com blog.hu blogg.se bloggplatsen.se blogspot.com
    weebly.com webnode.com webnode.page jimdo.com jimdosite.com jimdofree.com squarespace.com tilda.ws ucoz.ru
    ucoz.com narod.ru strikingly.com yolasite.com site123.me webs.com bravesites.com godaddysites.com
    one.com simplesite.com e-monsite.com hpage.com npage.de homepage.t-online.de beepworld.de chayns.net
    noblogs.org blackblogs.org espivblogs.net indymedia.org riseup.net systemli.org nadir.org so36.net
    squat.net puscii.nl herbesfolles.org ghost.io wixstudio.io mystrikingly.com
    """.split()
)

#: Each gives mailboxes, aliases or lists to everybody who asks, or to all of its many members. They are not large
#: enough for abuse/providers.py, and prove nothing either.
MAIL = frozenset(
    """
    mail.de cock.li dismail.de ik.me ikmail.com infomaniak.com etik.com netcourrier.com mailo.com mailo.eu
    net-c.com net-c.fr kolabnow.com kolabnow.ch mykolab.com mykolab.ch ctemplar.com countermail.com criptext.com
    skiff.com msgsafe.io mailfence.com secure.mailbox.org onionmail.org cyberfear.com airmail.cc danwin1210.de
    firemail.cc firemail.de tfwno.gf waifu.club aaathats3as.com national.shitposting.agency nuke.africa
    soverin.net thexyz.com migadu.com purelymail.com forwardemail.net vivaldi.net opera.com murena.io e.email
    tuta.com tuta.io cryptmail.eu aktivix.org boum.org mailoo.org zaclys.com zaclys.net lautre.net ouvaton.org
    no-log.org marsnet.org gresille.org free-solutions.org sindominio.net nodo50.org pangea.org espora.org
    indymedia.org so36.net nadir.org puscii.nl aktivist.in krutt.org resist.ca mutualaid.org tachanka.org
    espiv.net squat.gr anche.no bastardi.net canaglie.net canaglie.org distruzione.org hacari.com hacari.net
    insiberia.net krutt.net logorroici.org mortemale.org onenetbeyond.org paranoici.org privacyrequired.com
    stronzi.org subvertising.org
    simplelogin.com simplelogin.co simplelogin.fr simplelogin.io slmail.me aleeas.com 8alias.com silomails.com
    8shield.net dralias.com addy.io anonaddy.com anonaddy.me duck.com privaterelay.appleid.com mozmail.com
    relay.firefox.com erine.email 33mail.com spamgourmet.com passmail.net passinbox.com passfwd.com
    googlegroups.com groups.io freelists.org yahoogroups.com yahoogroups.de framalistes.org framagroupes.org
    simplelists.com topica.com listes.org jiscmail.ac.uk
    gmx.org gmx.eu gmx.biz caramail.com caramail.fr email.de spamfrei.de emailn.de directbox.com kabelmail.de
    unitybox.de unity-mail.de netcologne.de ewe.net ewetel.net versanet.de htp-tel.de osnanet.de snafu.de
    kielnet.net tiscali.de lycos.com lycos.de excite.com excite.it usa.net usa.com iname.com engineer.com
    consultant.com europe.com post.com writeme.com myself.com dr.com lawyer.com activist.com asia.com
    inbox.com inbox.lv inbox.eu inbox.lt one.lt mail.ee hot.ee mail.lv apollo.lv delfi.lv
    iol.pt netcabo.pt mail.pt portugalmail.pt hispavista.com latinmail.com mixmail.com yahoo.com.co
    club-internet.fr dbmail.com la-poste.net noos.fr nordnet.fr mailfr.com
    email.it supereva.it blu.it kataweb.it katamail.com hotmail.gr in.gr pathfinder.gr
    vfemail.net rocketmail.de safe-mail.net hush.com hush.ai mailvault.com elude.in swissmail.org
    gmx.li swissonline.ch bluemail.ch vtxmail.ch citycable.ch green.ch mail.ch
    post.cz volny.cz quick.cz atlas.cz tiscali.cz pobox.sk zoznam.sk post.sk
    freemail.gr mailbox.hu t-online.hu vipmail.hu upcmail.hu indamail.hu
    dir.bg gbg.bg mail.md mail.ua ua.fm bigmir.net online.ua email.ua tut.ua mail.kz nur.kz
    narod.ru nm.ru pochta.ru hotbox.ru pisem.net front.ru land.ru km.ru e1.ru ngs.ru mail15.com myrambler.ru
    autorambler.ru internet.ru xmail.ru vivaldi.ru tuta.ru
    maktoob.com yahoo.com.eg hotmail.co.il netvision.net.il 012.net.il bezeqint.net
    indiatimes.com sify.com in.com yahoo.com.sg yahoo.com.ph yahoo.com.vn yahoo.com.hk yahoo.com.tw 139.com
    189.cn wo.cn aliyun.com tom.com 21cn.com 263.net vip.163.com vip.qq.com nate.com korea.com
    acm.org ieee.org member.fsf.org fsfe.org alumni.com alumnidirector.com pobox.com bigfoot.com
    """.split()
)
