"""Words that say in which legal form an organisation exists, and not which one it is; folded, without dots."""

#: That mean nothing else, wherever they stand in a name.
ANYWHERE = frozenset(
    """
    ev gmbh ggmbh mbh gesmbh gag gug kgaa ohg kdor kdoer aoer
    ltd limited plc llp llc pllc inc incorporated corp corporation cic clg pty
    sarl sasu eurl scop scic asbl aisbl vzw ivzw sprl bvba scrl gie
    srl srls scarl sapa onlus odv asd
    slu sll slne scoop scoopl scl sapi eireli lda ltda limitada
    vof cvba oyj aktiebolag osakeyhtio asa
    sro spzoo zrt nyrt kft doo jdoo dooel
    ооо оао зао пао нао нко ано роо моо чоу фгуп гуп муп тоо еоод сро
    """.split()
)
#: That are also words, or the names of others: only where a name ends with them. "Stiftung" and "Company" are not
#: among them: Heinrich Böll is not the Heinrich-Böll-Stiftung.
AT_THE_END = frozenset(
    """
    eg ag kg gbr partg eingetragen
    ngo
    sa sas sc sci scp snc sl slp sca sal sau cv sab ong spa aps ets
    bv nv ab as oy ou ky ry hf ehf
    zs zu ops vos sp bt ead ad dd ks
    ао ад ип нп оо тов شمم ذمم شمع
    """.split()
)
#: The same, only where a name begins with them.
AT_THE_BEGINNING = frozenset("oy ab pt ong ngo ао ад ип нп оо тов".split())

#: Of several words: where a name ends or begins with them. The longest first.
OF_WORDS = tuple(
    sorted(
        (
            tuple(form.split())
            for form in """
            e v|s a|s l|a s|z s|s r o|s p a|s r l|s ar l|s a r l|sa rl|sa r l|sp z oo|sp z o o|d o o|g m b h
            s coop|s coop lda|soc coop|sa de cv|s a de c v|sab de cv|sapi de cv|s de rl de cv|s de r l de c v
            gesellschaft mit beschrankter haftung|eingetragene genossenschaft|eingetragener verein
            association loi 1901|association loi de 1901|association sans but lucratif|societe anonyme
            vereniging zonder winstoogmerk|limited liability company|public limited company
            sociedad anonima|sociedad limitada|societa per azioni|sociedade anonima
            общество с ограниченнои ответственностью|акционерное общество|некоммерческая организация
            автономная некоммерческая организация|региональная общественная организация
            межрегиональная общественная организация|общественная организация
            شركه ذات مسووليه محدوده|ذ م م|ش م م|ش م ع
            """.replace("\n", "|").split("|")
            if form.strip()
        ),
        key=len,
        reverse=True,
    )
)

#: Before these, "Co" is part of the form: "Müller GmbH & Co. KG".
AFTER_CO = frozenset("kg kgaa ohg".split())

#: Between the words of a name; some spell it "&".
BETWEEN = frozenset("and und et og och agus eta".split())
#: The same in one letter, which at an end of a name may be part of it.
BETWEEN_IN_A_LETTER = frozenset("y e и i".split())

#: Words of the parts that an organisation has in many places, or for some of its members.
BRANCH = frozenset(
    """
    local branch chapter section division district region regional lodge youth students women retired
    bezirk ortsverband ortsverein ortsgruppe kreisverband kreis landesverband landesbezirk lv kv ov gruppe
    hochschulgruppe regionalgruppe sektion fachbereich jugend frauen bundesland
    section syndicale federation departementale departement antenne comite jeunes
    seccion delegacion territorial provincial comarcal agrupacion federacion autonomica juventud jovenes
    sezione provinciale regionale territoriale circolo giovani
    отделение филиал региональное местное первичка первичная ячеика молодежь секция
    فرع قسم شبيبه
    craobh brainse oige adarra tokiko gazteak
    """.split()
)
