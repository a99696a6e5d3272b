"""How the page looks: one style sheet, light and dark, for screens of any width and for paper."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

LIGHT = {
    "paper": "#ffffff", "card": "#f5f6f8", "ink": "#1c2028", "faint": "#565e6b",
    "line": "#d7dbe1", "accent": "#0067a3", "bad": "#a84300", "good": "#00694b",
    "bar": "#3d93c4", "cell": "#0072b2", "miss": "#d55e00",
}  # fmt: skip
DARK = {
    "paper": "#14171c", "card": "#1d2128", "ink": "#e8eaee", "faint": "#a5adba",
    "line": "#3a404b", "accent": "#7cc4f2", "bad": "#ffa570", "good": "#63d3a9",
    "bar": "#3b87b5", "cell": "#2f7fb8", "miss": "#b85a1e",
}  # fmt: skip


def figure_rules(colors: Mapping[str, str]) -> str:
    """Return the rules of the drawings, with these colors."""
    c = colors
    return (
        f".f-text{{fill:{c['ink']};font:12px system-ui,sans-serif}}"
        f".f-faint{{fill:{c['faint']};font:11px system-ui,sans-serif}}"
        f".f-bar{{fill:{c['bar']}}}.f-track{{fill:{c['card']}}}"
        f".f-interval{{stroke:{c['ink']};stroke-width:1.5;fill:none}}"
        f".f-dot{{fill:{c['accent']};stroke:{c['paper']};stroke-width:1}}"
        f".f-chance{{stroke:{c['bad']};stroke-width:1.5;stroke-dasharray:3 2}}"
        f".f-grid{{stroke:{c['line']};stroke-width:1}}"
        f".f-frame{{fill:none;stroke:{c['line']}}}"
        f".f-right{{fill:{c['cell']}}}.f-wrong{{fill:{c['miss']}}}"
        f".f-paper{{fill:{c['paper']}}}"
        ".f-hair{stroke-opacity:.5;stroke-width:.6}.f-thin{vector-effect:non-scaling-stroke}.f-small{font-size:10px}"
    )


_PAGE = """
*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%}
body{margin:0 auto;padding:1.5rem clamp(1rem,4vw,2.5rem) 4rem;max-width:76rem;
 background:var(--paper);color:var(--ink);
 font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
h1{font-size:1.9rem;line-height:1.2;margin:.2rem 0 .3rem;overflow-wrap:anywhere}
h2{font-size:1.4rem;margin:0 0 .4rem;overflow-wrap:anywhere}
h3{font-size:1.1rem;margin:1.6rem 0 .5rem}h4{font-size:1rem;margin:1.2rem 0 .4rem}
p{margin:.3rem 0 .7rem;max-width:68ch}
a{color:var(--accent)}
section{margin-top:2.4rem;padding-top:1.4rem;border-top:1px solid var(--line)}
.lead,.note,small,caption,figcaption{color:var(--faint)}
.note,caption,figcaption{font-size:.9rem}
caption{text-align:left;padding:0 0 .4rem}
code{font:.88em ui-monospace,SFMono-Regular,Menlo,monospace;overflow-wrap:anywhere}
nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1rem;padding:0;margin:.6rem 0 0;list-style:none}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.2rem;margin:.6rem 0}
dt{color:var(--faint)}dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;font-size:.95rem;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .9rem .35rem 0;text-align:left;vertical-align:middle;
 border-bottom:1px solid var(--line)}
thead th{color:var(--faint);font-weight:600;font-size:.85rem;white-space:nowrap}
tbody th{font-weight:600}
td.n,th.n{text-align:right}
.scroll{overflow-x:auto;margin:.4rem 0 1rem}
.flag{display:inline-block;border:1px solid var(--bad);color:var(--bad);border-radius:.3rem;
 padding:0 .4rem;font-size:.85rem;white-space:nowrap}
.value{font-weight:650}
.scores{width:100%}.scores svg{display:block;width:100%;min-width:9rem;max-width:17rem;
 height:auto}
.scores td.bar{width:30%}.scores th small{display:block;white-space:nowrap;font-weight:400}
ul.notes{padding-left:1.1rem;margin:.4rem 0}
ul.notes li{overflow-wrap:anywhere}
.gap{border-left:3px solid var(--bad);padding:.1rem 0 .1rem .7rem;color:var(--ink)}
ol.bars{list-style:none;margin:.4rem 0;padding:0;columns:23rem;column-gap:2.2rem;
 font-variant-numeric:tabular-nums}
ol.bars li{display:grid;grid-template-columns:minmax(6rem,1fr) minmax(6rem,1fr) 9.4rem;gap:.6rem;
 align-items:center;break-inside:avoid;font-size:.9rem;line-height:1.35;padding:.1rem 0}
ol.bars.few{columns:auto;width:100%;max-width:30rem}
ol.bars.few li{grid-template-columns:5.2rem 1fr 6.5rem}
.beside{display:flex;flex-wrap:wrap;gap:0 3.5rem;align-items:flex-start}
.beside>*{min-width:0;max-width:100%}.beside>.grow{flex:1 1 20rem}.beside h4{margin-top:.2rem}
ol.bars .name{overflow-wrap:anywhere}
ol.bars svg{width:100%;height:.95rem;display:block}
ol.bars small{white-space:nowrap}
details{margin:.5rem 0}summary{cursor:pointer;color:var(--accent);padding:.2rem 0}
summary h4{display:inline;color:var(--ink)}
figure{margin:.4rem 0 1rem}figure.matrix svg{display:block}
ol.queries{list-style:none;margin:0;padding:0}
ol.queries>li{background:var(--card);border:1px solid var(--line);border-radius:.5rem;
 padding:.8rem .9rem;margin:.7rem 0;break-inside:avoid}
.asks{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;align-items:flex-start}
.asks>.entry{flex:1 1 16rem;font-size:1.02rem}
.asks>p{margin:0;flex:1 1 14rem;font-size:.9rem;color:var(--faint)}
ol.queries>li>div{min-width:0}ol.queries>li>div+div{margin-top:.7rem}
ol.hits,ul.hits{list-style:none;margin:0;padding:0;display:grid;gap:.6rem;
 grid-template-columns:repeat(auto-fill,minmax(12rem,1fr))}
.hits>li{background:var(--paper);border:1px solid var(--line);border-radius:.4rem;
 padding:.5rem .6rem;font-size:.92rem;min-width:0;overflow-wrap:anywhere}
.hits>li.yes{border:2px solid var(--good)}
.hits .rank{display:flex;justify-content:space-between;gap:.5rem;font-size:.82rem;
 color:var(--faint)}
.hits .mark{color:var(--good);font-weight:650}
.sub{font-size:.88rem;color:var(--faint);margin:.7rem 0 .3rem}
.entry{overflow-wrap:anywhere}
.entry img{display:block;max-width:100%;height:auto;border-radius:.25rem;margin:.3rem 0;
 background:#fff}
.entry audio{display:block;width:100%;max-width:16rem;height:2.2rem;margin:.3rem 0}
.entry .file{display:block;font-size:.8rem;color:var(--faint)}
.none{border:1px dashed var(--faint);border-radius:.25rem;padding:.5rem;font-size:.85rem;
 color:var(--faint);margin:.3rem 0}
footer{margin-top:3rem;border-top:1px solid var(--line);padding-top:1rem;font-size:.9rem;
 color:var(--faint)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
@media (min-width:44.01rem){
 ol.queries>li.seen{display:grid;grid-template-columns:12.5rem 1fr;gap:0 1.2rem}
 .seen>.asks{display:block}.seen>.asks>p{margin-top:.3rem}ol.queries>li.seen>div+div{margin-top:0}
 .seen .hits{grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr))}
}
@media (max-width:44rem){
 dl{grid-template-columns:1fr;gap:0}dd{margin:0 0 .5rem}
 .scores,.scores caption,.scores tbody{display:block}
 .scores tr{display:flex;flex-wrap:wrap;gap:.05rem .9rem;align-items:baseline}
 .scores th[scope=row],.scores td.bar{flex:0 0 100%}
 .scores thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
 .scores tr{border-bottom:1px solid var(--line);padding:.6rem 0}
 .scores td,.scores th[scope=row]{border:0;padding:.1rem 0;text-align:left}
 .scores td.bar{width:auto}.scores svg{max-width:none}
 .scores td[data-label]::before{content:attr(data-label) " ";color:var(--faint)}
 ol.bars li{grid-template-columns:minmax(5rem,1fr) 5rem 8.8rem;gap:.4rem}
 .hits,ol.hits,ul.hits{grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr))}
}
@media print{
 body{max-width:none;padding:0;font-size:11pt}nav,.entry audio{display:none}
 .hits,ol.hits,ul.hits,.seen .hits{grid-template-columns:repeat(5,1fr)}
 h2,h3,h4,caption,summary{break-after:avoid}tr,li,figure{break-inside:avoid}
}
"""


def page_style() -> str:
    """Return the style sheet of the page. Paper is always light."""
    names = {name: f"var(--{name})" for name in LIGHT}
    return (
        f":root{{{_variables(LIGHT)}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{_variables(DARK)}}}}}"
        f"{_PAGE}{figure_rules(names)}"
    )


def figure_style() -> str:
    """Return the style sheet of a drawing that is a file of its own."""
    dark = f"@media (prefers-color-scheme:dark){{{figure_rules(DARK)}}}"
    return figure_rules(LIGHT) + dark


def style_hash(style: str) -> str:
    """Return what a content security policy calls a style sheet."""
    digest = hashlib.sha256(style.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _variables(colors: Mapping[str, str]) -> str:
    return ";".join(f"--{name}:{color}" for name, color in colors.items())
