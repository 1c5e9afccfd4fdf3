/** Style of the training page: light and dark, readable from a phone to a wall. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--back:#fafaf8;--card:#fff;--ink:#1c2126;--soft:#5c6670;--rule:#dfe3e6;--bar:#e9ecef;
--accent:#0b6e75;--s1:#d03a3a;--s2:#1f9a4c;--s3:#1c78d4;--s4:#b08600;--s5:#9a3fc9;--s6:#d06a12;--s7:#0e948e;--s8:#cf4a8f}
@media (prefers-color-scheme:dark){:root{--back:#14171a;--card:#1c2024;--ink:#e7eaec;--soft:#9aa5ae;--rule:#333a40;--bar:#2a3036;
--accent:#4fc3cb;--s1:#ff6b6b;--s2:#4fd67e;--s3:#5fb0ff;--s4:#ffd447;--s5:#d487ff;--s6:#ff9f55;--s7:#43ddd6;--s8:#ff8fc8}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,sans-serif;-webkit-text-size-adjust:100%}
main,header,footer{max-width:72rem;margin:0 auto;padding:0 1rem}
header{padding-top:1.5rem}
h1{font-size:1.6rem;line-height:1.2;margin:0 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:0 0 .75rem}
p{margin:.25rem 0 .75rem;max-width:46rem}
.soft,footer,figcaption{color:var(--soft)}
section{background:var(--card);border:1px solid var(--rule);border-radius:.6rem;padding:1rem;margin:1rem 0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.75rem;margin:1rem 0}
.tiles div{background:var(--card);border:1px solid var(--rule);border-radius:.6rem;padding:.6rem .8rem}
.tiles dt{color:var(--soft);font-size:.85rem}
.tiles dd{margin:0;font-size:1.35rem;font-variant-numeric:tabular-nums}
.progress{height:.5rem;border-radius:.25rem;background:var(--bar);overflow:hidden;margin:.75rem 0}
.progress i{display:block;height:100%;background:var(--accent)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1rem}
.charts section{margin:0}
svg{display:block;width:100%;height:auto}
svg text{fill:var(--soft);font:13px system-ui,sans-serif;font-variant-numeric:tabular-nums}
.grid{stroke:var(--rule)}.axis{stroke:var(--soft)}
.line{fill:none;stroke:var(--accent);stroke-width:1.6;stroke-linejoin:round}
.dot{fill:var(--accent)}
.faint{opacity:.3;stroke-width:1}
.mean{stroke-width:3}
${Array.from({ length: 8 }, (_, i) => `.s${i + 1}{stroke:var(--s${i + 1})}.dot.s${i + 1},.key.s${i + 1}{fill:var(--s${i + 1});background:var(--s${i + 1});stroke:none}`).join("")}
.key.mean{background:var(--accent)}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1rem;list-style:none;margin:.5rem 0 0;padding:0;font-size:.9rem}
.key{display:inline-block;width:.8rem;height:.8rem;border-radius:.2rem;margin-right:.4rem;vertical-align:-.08rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .6rem;text-align:right;border-bottom:1px solid var(--rule);white-space:nowrap}
th:first-child,td:first-child{text-align:left}
thead th{color:var(--soft);font-weight:600;font-size:.85rem;position:sticky;top:0;background:var(--card)}
tr:last-child td{border-bottom:0}
.bar{display:inline-block;width:5rem;height:.5rem;border-radius:.25rem;background:var(--bar);overflow:hidden;margin-left:.5rem}
.bar i{display:block;height:100%;background:var(--accent)}
.tall{max-height:26rem;overflow:auto}
.example{margin:0 0 1.25rem}
.example div{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:.4rem;max-width:48rem}
.example figure{margin:0}
.example img{display:block;width:100%;height:auto;image-rendering:pixelated;background:#000;border-radius:.3rem}
figcaption{font-size:.85rem}
h3{font-size:1rem;margin:0 0 .3rem}h3 span{font-weight:400}
dl.facts{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:0}
dl.facts dt{color:var(--soft)}dl.facts dd{margin:0;overflow-wrap:anywhere}
footer{padding-bottom:2rem;font-size:.9rem}
@media (max-width:34rem){svg text{font-size:20px}.bar{display:none}dl.facts{grid-template-columns:1fr}dl.facts dd{margin-bottom:.5rem}th,td{padding:.3rem .4rem}}
@media print{body{background:#fff}section,.tiles div{break-inside:avoid}.tall{max-height:none}}
`;
