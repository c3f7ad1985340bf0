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
