"""What bands write on their sheets, in English, German and Japanese: word lists, and nothing else. Pure.

A word list is a text of patterns with spaces between them; `_` is a space inside of a pattern, the rest is the syntax
of `re`. Latin patterns match whole words of small letters, Japanese ones match anywhere. The longest match counts
(`terms.py`).
"""

from controller.evening.entry import ColourName, Energy

SHADE = r"(?:(?:dark|deep|bright|strong|pure|full|rich|blood|fire|royal|navy|midnight|neon)[_-]?)?"
FARBE = (
    r"(?:(?:dunkel|knall|tief|blut|feuer|satt|grell|leuchtend|neon|königs|nacht|rein|gras|zitronen|sonnen|pastell)-?)?"
)
ENDING = r"(?:e[rsnm]?|s|en)?(?:-?(?:licht|töne[n]?|light|ish))?"

COLOURS: dict[ColourName, str] = {
    "red": (
        rf"{SHADE}reds? {FARBE}rot{ENDING} crimson scarlet rouge 真っ赤 真っ赤っ赤 真赤 赤色 赤系 赤い 赤 レッド"
        " 真紅 紅色 🔴 🟥"
    ),
    "orange": rf"{SHADE}oranges? {FARBE}orange{ENDING} オレンジ色 オレンジ 橙色 橙 🟠 🟧",
    "amber": (
        rf"{SHADE}amber ambers gold(?:en|ene[rsnm]?)? {FARBE}bernstein(?:farben)? アンバー 琥珀色 琥珀 ゴールド"
        " 金色"
    ),
    "yellow": rf"{SHADE}yellows? {FARBE}gelb{ENDING} 黄色い 黄色 黄 イエロー 🟡 🟨",
    "green": rf"{SHADE}greens? {FARBE}(?:grün|gruen){ENDING} 緑色 緑 グリーン みどり 🟢 🟩",
    "turquoise": (
        rf"{SHADE}turquoise turqoise teal {FARBE}(?:türkis|tuerkis)(?:farben)?{ENDING} ターコイズ 青緑"
        " トルコ石色"
    ),
    "cyan": rf"{SHADE}cyan {FARBE}cyan{ENDING} aqua zyan シアン",
    "blue": rf"{SHADE}blues? {FARBE}blau{ENDING} 真っ青 青色 青系 青い 青 ブルー 紺色 紺 藍色 🔵 🟦",
    "purple": (
        rf"{SHADE}purples? violet violets lavender {FARBE}(?:lila|violett|purpur|lavendel|flieder){ENDING} 紫色"
        " 紫 パープル バイオレット 🟣 🟪"
    ),
    "magenta": rf"{SHADE}magenta {FARBE}magenta{ENDING} fuchsia マゼンタ",
    "pink": rf"(?:hot[_-])?{SHADE}pink {FARBE}(?:pink|rosa){ENDING} ピンク色 ピンク 桃色",
    "white": rf"(?:bright_|pure_)?whites? {FARBE}(?:weiß|weiss){ENDING} 真っ白 白色 白い 白 ホワイト ⚪ ⬜",
    "warm white": (
        "warm[_-]?whites? ww tungsten warm-?(?:weiß|weiss)(?:e[rsnm]?)? warme[smnr]?_(?:weiß|weiss) 電球色"
        " 暖色白 暖かい白 ウォームホワイト 温白色"
    ),
    "cold white": (
        "(?:cold|cool)[_-]?whites? cw kalt-?(?:weiß|weiss)(?:e[rsnm]?)? kalte[smnr]?_(?:weiß|weiss) 昼光色"
        " 冷たい白 コールドホワイト クールホワイト"
    ),
}
NEAREST: dict[ColourName, str] = {
    "cyan": (
        "(?:light|sky|ice|baby|pale)[_-]?blues? (?:hell|eis|himmel)blau(?:e[rsnm]?)? 水色 空色 スカイブルー"
        " ライトブルー"
    ),
    "pink": "(?:light|pale)[_-]?reds? hellrot(?:e[rsnm]?)?",
    "green": "(?:light|pale|lime)[_-]?greens? hell(?:grün|gruen)(?:e[rsnm]?)? 黄緑色 黄緑 ライムグリーン",
    "purple": "(?:light|pale)[_-]?purples? hell(?:lila|violett)(?:e[rsnm]?)? 薄紫",
}
"""Colours that the list of names lacks, with the one that is nearest; whoever reads the line is told."""

DEVICES: dict[str, str] = {
    "strobe": (
        r"strob\w*(?:[_-](?:lights?|effects?|effekte?|lamps?|lampen?))? storbe\w* stobe\w* flash flashes"
        r" flashing flash(?:ing)?_lights? flicker\w* flacker\w* blink(?:ing|en|t)?"
        " (?:licht)?blitz(?:e|en|er|t|ern|licht(?:er)?|gewitter)? geblitze? ストロボ(?:照明|ライト|系|効果)?"
        " フラッシュ(?:ライト)? 点滅(?:照明)? チカチカ"
    ),
    "blinder": (
        "(?:audience[_-])?blinders? (?:publikums-?)?blinder[ns]? molefays? blendern? ブラインダー ブリンダー"
        " ブラインド 目つぶし 目潰し 客席照らし"
    ),
    "haze": (
        r"haze[rs]? hazers? fog(?:gy|ger|gers)? fog_machines? smoke smoke_machines? dry_ice nebel\w*"
        " (?:boden)?nebel dunst rauch hazen? スモーク ヘイズ ヘーズ フォグ 霧"
    ),
}

ENERGIES: dict[Energy, str] = {
    "calm": (
        "calm calmer calmly quiet(?:er|ly)? soft(?:er|ly)? gentle gently mellow chill(?:ed|ig)? peaceful"
        " intimate subtle slow(?:ly)? ballad static low_energy ruhig(?:e[rsnm]?)? ganz_ruhig leise"
        " sanft(?:e[rsnm]?)? still dezent(?:e[rsnm]?)? entspannt gemütlich langsam(?:e[rsnm]?)? ballade"
        " zurückhaltend 静かめ(?:に)? 静かに 静かな 静か しっとり(?:め|系|と)? 落ち着いた(?:感じ)? 落ち着いて"
        " 落ち着き 穏やかに 穏やかな 穏やか ゆったり(?:と|め)? ゆっくり(?:め)? おとなしめ(?:に)? おとなしく"
        " まったり バラード"
    ),
    "wild": (
        "wild(?:e[rsnm]?)? (?:go_)?wild crazy (?:go_)?(?:crazy|nuts|mental) energetic high[_-]energy"
        " full_(?:on|power|energy|throttle|beans|blast) party intense aggressive hectic chaos chaotic fast"
        " go_off heftig(?:e[rsnm]?)? vollgas abgehen volle_(?:pulle|power|kanne|energie) aggressiv(?:e[rsnm]?)?"
        " ausrasten energiegeladen schnell(?:e[rsnm]?)? 激しく 激しめ(?:に)? 激しい 激し目(?:に)? 派手に"
        " 派手め(?:に)? 派手な 派手 暴れる 暴れ ガンガン 盛り上げて 盛り上げ ノリノリ バキバキ 全開(?:で)?"
        " アゲアゲ 熱く"
    ),
}

OPERATIONS: dict[str, str] = {
    "no": (
        "no not never without nor neither none avoid(?:ing)? skip ban lose kill kein keine[rsnm]? ohne nicht"
        " nie niemals nix weder nein"
        " (?:do_not|don'?t|dont)(?:_(?:use|want|like|need|do|put|give_us|fire|run|turn_on))? (?:we_)?hates?"
        " no_more stay_away_from keep_away_from leave_out instead_of rather_than"
        " (?:anything|everything|all)_(?:but|except) alles_(?:bis_auf|au(?:ß|ss)er)"
        " (?:under_no|in_no)_circumstances? (?:absolutely|definitely)_(?:no|not) auf_gar_keinen_fall except"
        " besides cut(?:_out)?_(?:the|all) drop_(?:the|all) (?:switch|turn)_off statt anstatt anstelle(?:_von)?"
        r" au(?:ß|ss)er bloß_(?:nicht|kein\w*) auf_keinen_fall\w* verzicht(?:en|et)?(?:_auf)? vermeide[nt]?"
        " kein(?:er)?lei refrain_from nope nay nah can'?t cannot won'?t mustn'?t shouldn'?t must_not should_not"
        r" may_not 無 🚫 ❌ ⛔ 🚷 keinesfalls steer_clear_of we_(?:don'?t|do_not)_want wir_wollen_kein\w*"
        r" bitte_kein\w* bitte_nicht no_(?:use|need)_(?:of|for) free_of w/o zero nothing nichts"
    ),
    "off": (
        "off out aus weg verboten forbidden banned prohibited untersagt unerwünscht unwanted tabu"
        " (?:is_a_|a_)?no-?go nogo bad awful terrible ugly horrible schlecht doof blöd scheiße schlimm -?free"
        " -?frei allergy not_(?:allowed|ok|okay|wanted|fine|welcome|good|permitted|desired|cool|possible)"
        " nicht_(?:erlaubt|ok|okay|gewünscht|erwünscht|gut|möglich)"
        " nicht_(?:benutzen|verwenden|einsetzen|nutzen|an|anmachen|so_gern) weglassen auslassen no_thanks"
        " no_thank_you ng なしで なし 無しで 無し ナシで ナシ 禁止で 禁止 厳禁 NGで NG いらない いりません"
        " 要らない 要りません 不要 やめてください やめて 止めて 使わないでください 使わないで 使わない"
        " 使用しない 使用禁止 避けてください 避けて 控えて(?:ください)? 以外(?:なら|は|で)?(?:OK|可|大丈夫)?"
        " 嫌い(?:です)? 使わず 不可 ダメ だめ 駄目 嫌 無理 以外 じゃなくて じゃなく ではなく(?:て)? 使用不可"
        " しないで(?:ください)? しない 苦手 抜きで 抜き オフ 入れないで(?:ください)? 当てないで(?:ください)? × ✕"
        r" ✖ x 無理です [\u3041-\u3093\u4e00-\u9fff]{1,3}ないで(?:ください|ほしい|欲しい|下さい)? ない じゃない"
        " ではない"
    ),
    "ok": (
        "ok okay oki fine yes yeah yep ja jawohl allowed permitted welcome erlaubt genehmigt gewünscht"
        " erwünscht willkommen gut möglich wanted no_problem kein_problem (?:kein|no)_problem_(?:mit|with)"
        " nichts_gegen nothing_against gern gerne we_(?:want|love|like) wir_(?:wollen|mögen|lieben) good great"
        " super cool toll nice lovely geil geht in_ordnung all_right alright 使いたい 入れたい 使用OK 使用可能"
        " 使用可 使用 OKです OK ok オッケー あり 有り 有 アリ 可能 可 希望 欲しい ほしい 入れて(?:ください)?"
        " 使って(?:ください)? オン ○ ◯ ⭕ ✅ ✓ ✔ 👍 大丈夫(?:です)? 解禁"
    ),
    "only": (
        "only just nur ausschlie(?:ß|ss)lich blo(?:ß|ss) lediglich nothing_but exclusively allein のみで のみ"
        " だけで だけ オンリー 一色(?:で)? 単色(?:で)? 一本"
    ),
    "but": (
        "but however instead though aber sondern dafür stattdessen lieber rather dagegen jedoch prefer(?:ably)?"
        " otherwise sonst けど けれど ですが だが 代わりに その代わり ただし でも 他は あとは"
    ),
    "with": "with plus mit dazu sowie also auch please_with",
    "or": "or oder nor noch / や ・ または",
    "and": r"and und & \+ n' 'n' u\. と 及び",
}

OTHERS: dict[str, str] = {
    "front": (
        r"faces? face_light front(?:s)? front[_-]?lights? key[_-]?lights? keylight key(?=\s*[:=])"
        " singer'?s_faces? front_?of_stage gesicht(?:er|ern|s)?(?:licht)? frontlicht(?:er)? von_vorne?"
        " vorderlicht vorne? führungslicht 前から(?:の(?:明かり|ライト|光|照明))? 前明かり 前明り 前あかり"
        " 前ライト 前照明 フロント(?:ライト|明かり)? 顔明かり 顔当て 顔 正面(?:から)? キーライト フェイス"
    ),
    "dark": (
        "dark darkness blackout black-?out black lights?_out lights?_off all_off everything_off kill_the_lights"
        " dunkel dunkelheit stockdunkel finster schwarz licht_aus alles_aus alles_dunkel 真っ暗に 真っ暗 暗く"
        " 消灯 全消灯 全消し ブラックアウト"
    ),
    "blackout": "暗転(?:で|に|して)?",
    "break": (
        "breaks? stops? dead_stops? (?:drum|gitarren|guitar|bass)[_-]?breaks? breakdowns? pauses? stopps?"
        " generalpausen? pausen? ブレイク(?:時|中|部分)? ブレーク(?:時|中|部分)? キメ ストップ(?:時)?"
        " 無音(?:時|部分)? 止まる(?:ところ|所|とき|時)? 止まったら"
    ),
    "place": (
        "chorus(?:es)? verses? bridge intro outro solos? (?:guitar_|drum_|gitarren-?|drum-?)solos? drops? end"
        " ending start beginning first second third last final middle half build-?ups? hook riff refrains?"
        " strophen? vers(?:e[ns]?)? schluss ende anfang ersten? zweiten? letzten? hälfte mitte mittelteil"
        " pre-?chorus c-?teil bars? takte? sometimes manchmal ab_und_zu before after until till bis nach vor"
        " during während ab build later später サビ(?:頭)? 大サビ ラスサビ Aメロ Bメロ Cメロ 間奏 ラスト"
        " イントロ アウトロ ソロ 頭 最後 終わり 曲終わり 始まり 最初 後半 前半 途中 落ちサビ まで 時々 たまに"
        " 終了後"
    ),
    "unsure": (
        r"maybe perhaps possibly \? unsure if careful(?:ly)? caution warning beware depends tbc tbd ask less"
        " little few bit slightly sparing(?:ly)? minimal light_on easy_on mind problem issue whatever egal"
        r" don'?t_care barely hardly rarely seldom almost vielleicht evtl\.? eventuell vorsicht(?:ig)? falls wenn"
        " weniger wenige? wenig bisschen sparsam kaum selten achtung problem fraglich möglichst fast たぶん 多分"
        " かも(?:しれない)? 少なめ(?:に|で)? 控えめ(?:に|で)? 控え目(?:に|で)? 弱め(?:に|で)? 少し ちょっと 注意"
        " 要相談 相談 できれば 未定 どちらでも 任せます お任せ"
    ),
    "sensitive": (
        r"epilep\w* photo-?sensiti\w* fotosensi\w* licht-?empfindlich\w* seizures? anfall\w* てんかん"
        r" 光過敏(?:性)? 光に弱い 光感受性 migr(?:ai|ä)n\w*"
    ),
    "person": (
        "(?:our_|the_|my_)?(?:lead_)?(?:singers?|drummers?|bassists?|bass_players?|guitarists?|keyboarders?|keyboardists?|vocalists?|pianists?|saxophonists?|trumpeters?|violinists?|percussionists?|players?|djs?|children|kids|guests?|frontman|crew|fans?|audience|crowd|members?|band)"
        r" suffers?(?:_from)? wegen because(?:_of)? due_to leidet(?:_an)? asthma\w* allergy\w* allergi\w*"
        " (?:unser[em]?_|der_|die_|im_)?(?:sänger|schlagzeuger|drummer|bassist|gitarrist|basser|keyboarder)(?:in)?"
        " (?:unser[em]?_|der_|die_|im_)?(?:pianist|percussionist|trompeter)(?:in)?"
        " (?:unser[em]?_|der_|die_|im_)?(?:kinder|gäste|publikum|mitglied(?:er)?) ボーカル(?:が|は|の)?"
        " ドラム(?:の人)?(?:が|は|の)? の人(?:が|は)? メンバー(?:が|は|に)? ギター(?:が|は|の)?"
        " ベーシスト(?:が|は|の)? お客さん(?:が|は|に)? 客(?:が|は|に) のため ので 患者 症 持ち"
    ),
    "scope": (
        "(?:for_|in_|during_|over_|on_)?(?:the_|our_|this_)?(?:whole|entire|full|complete)_(?:set|show|gig|night|evening|concert|time|performance)"
        " (?:for_|in_|on_|during_)?(?:all|every|any|each)(?:_of)?(?:_the|_our)?_(?:songs?|tracks?|numbers?)"
        " throughout(?:_the_(?:set|show))? all_(?:night|evening|set|show)(?:_long)?"
        " (?:in_|during_|for_)?our_(?:set|show|gig) at_all at_any_time ever generally in_general general"
        " any_time overall"
        " (?:im_|für_das_|das_)?(?:ganze|gesamte|komplette)[ns]?_(?:sets?|konzerts?|show|abend|auftritts?|gigs?)"
        " (?:in_der_|die_)?(?:ganze|gesamte|komplette)_(?:show|zeit|setlist)"
        " (?:bei_|in_|für_)?alle[nr]?_(?:songs?|lieder[n]?|stücke[n]?|titeln?) durchgehend"
        " (?:den_)?ganzen_(?:abend|auftritt|gig) generell grundsätzlich allgemein überhaupt"
        " während_des_ganzen_(?:sets|konzerts) bei_uns immer always (?:in_)?unserem_set 全曲(?:通して|共通)?"
        " 全体的に 全体を通して 全体 全編 全て(?:の曲)? すべて(?:の曲)? セット(?:全体|通して) 通して 基本的に"
        " 基本 ずっと 終始 ライブ中 演奏中 本番中 一切 絶対(?:に)?"
    ),
    "dim": (
        "bright(?:er|ly)? darker dim(?:mer)? hell(?:e[rsnm]?)? heller dunkler"
        " (?:not|never|nothing)_(?:too|so|very|that|overly)_(?:bright|dark|much|loud|busy|wild|calm|fast|slow|crazy)"
        " (?:nicht|nie|nichts)_(?:zu|so)_(?:hell|dunkel|grell|viel|hektisch|wild|schnell|langsam|ruhig|bunt)"
        " 明るめ(?:に|で)? 明るく 暗め(?:に|で)? 明るすぎない(?:ように)? 眩しくない(?:ように)?"
    ),
}

FILLING = (
    "please pls plz bitte thanks thank_you thx danke lights? lighting licht lichts lichter beleuchtung lamps?"
    " lampen? colou?rs? farben? farbe farbig look looks stage bühne main mainly mostly hauptsächlich überwiegend"
    " vor_allem lots_of a_lot_of plenty_of much more viel viele mehr lots all alles everything alle ganz very"
    " sehr really total totally total voll all_in ganz_in the a an some ein eine einen einem einer der die das"
    " den dem des etwas is are be has have ist sind sein hat use using used benutzen benutzt verwenden verwendet"
    " einsetzen nutzen bringen machen make makes made want like we us our wir uns unser unsere it its this that"
    " these we'd i'd would_like hätten_gern(?:e)? möchten wünschen wish wishes set effects? effekte? machines?"
    " maschine (?:the_|der_)?rest absolutely absolut definitely unbedingt kindly any strictly strikt streng"
    " completely entirely komplett vollständig simply einfach wirklich heute tonight gar würde wäre would_be"
    " here hier (?:in_|for_|on_)?this_(?:one|song|track)"
    " (?:in_|bei_)?(?:diesem|dieser)_(?:song|lied|stück|nummer) この曲(?:は|で)? ここは songs? use_of und_zwar"
    " so then dann also_? halt mal echt really bathed kept keep メイン(?:で|に|の)? 基調(?:で|に|の)?"
    " 中心(?:で|に|の)? ベース(?:で)? 主体(?:で)? 多め(?:で|に)? たっぷり 強め(?:で|に)? でお願いします でお願い"
    " をお願いします をお願い お願いします お願い お願い致します お願いいたします よろしく(?:お願いします)?"
    " 照明(?:は|を|で)? ライト 明かり 灯り 光 色 系 感じ(?:で|に)? 雰囲気(?:で)? 曲 です ます は を で に が の"
    " も な へ して する います いる なら ください 下さい 等 など 全部 全て 方向 ところ 所 たいです たい"
)
PREPOSITIONS = (
    "in on at for to of im am beim bei zum zur auf für an_der in_der an_den von vom as by from through into"
    " over since から での では around near during_the für_die auf_die auf_den auf_dem"
)

TALK = (
    "talk talking talks speech banter announcements? ansagen? moderation(?:en)? begrüßung bandvorstellung"
    " vorstellung_der_band band_intro(?:duction)?s? introduce_(?:the_)?band introductions?_of_the_band"
    r" stage_talk chat say_hello dankesrede verabschiedung quatschen gelaber greetings? mc\s?\d* トーク 喋り"
    r" しゃべり おしゃべり 挨拶 メンバー紹介 MC\s?\d* エムシー 告知 物販紹介"
)
CERTAIN_TALK = (
    "chat_with talk_(?:to_the|about) speech_(?:by|about) ansagen? banter moderation begrüßung bandvorstellung"
    r" announcements? mc\s?\d* MC\s?\d* メンバー紹介 トーク 挨拶 告知"
)
"""Begins a line of talk whatever follows; the others are whole lines, for they begin titles, too."""
CHANGEOVER = (
    "change[_-]?overs? stage[_-]change set[_-]change band[_-]change turn-?around interval intermission"
    " umbau(?:pausen?)? bandwechsel bühnenumbau wechselpause pause break 転換(?:中)? 場面転換 セットチェンジ"
    " バンドチェンジ 入れ替え 休憩 ステージ転換"
)
CERTAIN_CHANGEOVER = (
    "change[_-]?overs? stage[_-]change turn-?around umbau(?:pausen?)? bandwechsel bühnenumbau 転換(?:中)?"
    " セットチェンジ 休憩 intermission"
)
PAUSE_WORDS = (
    r"short long kurz(?:e[rs]?)? lang(?:e[rs]?)? ca\.? approx\.? about ~ max\.? min\.? mins minutes? minuten?"
    r" sec seconds? sek\.? \d+ 分 約 分間 秒 短め 長め ここで here hier now jetzt"
)
TUNING = (
    "se doors(?:_open)? soundcheck curfew load-?in get-?in einlass beginn 開場 開演 終演 リハ(?:ーサル)?"
    " 入場(?:SE)? 登場(?:SE)? オープニング(?:SE)? 出囃子 bgm intro_tape walk-?(?:in|on|out)_music"
    " tuning(?:_break)? tune tune_up stimmen stimmpause guitar_(?:change|swap) gitarrenwechsel nachstimmen"
    " チューニング ギター(?:チェンジ|持ち替え) 持ち替え 楽器持ち替え"
)
HEADING = (
    r"encores?\s?\d* zugaben?\s?\d* zugabenblock アンコール\s?\d* ダブルアンコール wアンコール"
    r" set\s?(?:\d+|one|two|three|i{1,3}|a|b) (?:1st|2nd|3rd|first|second|third)_set"
    r" (?:erstes|zweites|drittes|\d\.)_set set-?lists? setlisten? running_order ablauf programm(?:_\d+)? main_set"
    r" hauptset set第\d+部 第[一二三\d]部 セットリスト セトリ 本編 support(?:_act)? headliner opener vorband"
    r" hauptact block\s?\d+ teil\s?\d+ part\s?\d+"
)
NOTE_MARKS = (
    r"note(?:s)? nb n\.?b\.? p\.?s\.? info hinweise? anmerkung(?:en)? achtung wichtig important attention attn"
    " warning remarks? todo lights? lighting"
    " (?:haupt|grund|wunsch|lieblings|bühnen)?(?:farben?|licht)(?:wunsch|wünsche|stimmung|regie|technik(?:er)?)?"
    " (?:für|fürs|ans?|hallo)(?:_das|_die|_den)?_(?:licht|lampy|lx|ld)(?:mensch|mann|frau|techniker(?:in)?)?"
    " (?:to|for|dear|hi)(?:_the)?_(?:lights?|lampy|lx|ld|lighting) lampy main_colou?rs? light_wishes"
    " lighting_notes? lx farben? colou?rs? general generell allgemein bemerkung(?:en)?"
    " an_(?:den_)?(?:lichttechniker|licht|ton)"
    " to_(?:the_)?(?:lighting_(?:guy|person|engineer|tech)|lighting|ld|lx) 注意(?:事項)? 備考"
    " 照明(?:さんへ|要望|希望)? メモ 要望 お願い pa(?:さんへ)? 全体 ※"
)
SENTENCES = (
    "please bitte we we're we'd our wir unser(?:e|em|er)? unsere our_singer the_singer der_sänger die_sängerin"
    " der der_drummer i'm ich hi hello_lighting dear liebe[rs]? 照明さん ボーカル メンバー"
)
"""What a sentence to the person at the lights begins with."""
VERSIONS = (
    "live acoustic akustisch unplugged akustikversion reprise remix instrumental extended short_version"
    r" long_version kurzversion medley cover demo radio_edit edit version new_version part_(?:\d+|[ivx]+)"
    r" pt\.?_?(?:\d+|[ivx]+) teil_(?:\d+|[ivx]+) vol\.?_?\d+ feat\.?.* ft\.?.* intro outro"
    r" (?:new|neu|neuer_song|new_song|brand_new|old) アコースティック カバー カヴァー 新曲 弾き語り ver\.?"
    " リミックス インスト"
)

COLUMNS: dict[str, str] = {
    "number": r"\# no\.? nr\.? num\.? number nummer pos\.? 番号 順番 曲順 順 №",
    "title": ("songs? titles? titel tracks? stücke? lied lieder songtitel song_name name 曲名 曲 タイトル 楽曲 演目"),
    "wishes": (
        "colou?rs? farben? licht lights? lighting lx notes? notiz(?:en)? bemerkung(?:en)? hinweise? comments?"
        " kommentare? anmerkung(?:en)? wünsche? wishes remarks? info light_notes lighting_notes lichtwunsch 色"
        " 照明 カラー 備考 メモ 要望 コメント 注意 照明要望 照明色 mood stimmung energy energie atmosphäre feel"
        " vibe 雰囲気 イメージ 強弱"
    ),
    "forbidden": (
        "forbidden avoid not nicht verboten no_go no no-?gos? nogo keine_farben? kein ohne don'?ts? NG 禁止"
        " 不可 NG色 ng色 ng 禁止事項 forbidden_colou?rs? verbotene_farben"
    ),
    "strobe": r"strobes? strobo stroboskop ストロボ strobe\? strobo\? blitze? flash フラッシュ",
    "blinder": "blinders? ブラインダー",
    "haze": "haze fog smoke nebel dunst スモーク ヘイズ",
    "tempo": "bpm tempo tempi テンポ",
    "front": "front frontlicht key_?light faces? gesicht(?:er)? 前明かり フロント 顔",
    "key": "key",
    "ignored": (
        r"length dauer zeit time länge duration min\.? tonart tuning stimmung_git\.? artist interpret band 時間"
        r" 尺 アーティスト 原曲 キー key_sig\.? vocals? gesang singer sänger ボーカル"
    ),
}
"""What the heading of a column says about the cells below it."""
