"""The look of a report. Readable on a phone, by day and by night, and on paper."""

CSS = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #d9dfe7;
  --paper: #ffffff; --card: #f6f8fa; --run: #0b63c5; --base: #8a6d1f; --up: #0f7a43;
  --down: #b3261e; --warn: #8a4b00; --warn-paper: #fff1dc; --shade: #1c243066; }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #e4e9f0; --soft: #9aa7b8;
  --line: #2f3947;
  --paper: #12171e; --card: #1a212b; --run: #6cb0ff; --base: #d9b65a; --up: #5fcf94;
  --down: #ff8a80; --warn: #ffcf8a; --warn-paper: #3a2a10; --shade: #e4e9f066; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 1.25rem 1rem 3rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
p { margin: .4rem 0; }
.soft { color: var(--soft); font-size: .9rem; }
.stamp { display: inline-block; margin: .4rem .5rem 0 0; padding: .15rem .6rem; font-weight: 600;
  border: 1.5px solid var(--warn); border-radius: 4px; color: var(--warn);
  background: var(--warn-paper); letter-spacing: .02em; }
h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; overflow-wrap: anywhere; }
h4 { font-size: .92rem; font-weight: 600; color: var(--soft); margin: .8rem 0 .4rem; }
.verdict { margin: 1rem 0 0; padding: .7rem .9rem; border-left: 4px solid var(--run);
  background: var(--card); }
.judgement { margin: 1rem 0 0; padding: .8rem 1rem; border: 1.5px solid var(--tone);
  border-left-width: 6px; border-radius: 6px; background: var(--card); }
.judgement.bad { --tone: var(--down); } .judgement.so-so { --tone: var(--warn); }
.judgement.good { --tone: var(--up); }
.judgement .word { font-size: 1.45rem; font-weight: 700; color: var(--tone); margin: 0; }
.judgement summary { cursor: pointer; margin-top: .5rem; font-weight: 600; }
.judgement ul { list-style: none; margin: .5rem 0; padding: 0; display: grid; gap: .5rem 1.4rem;
  grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); }
.judgement li { border-left: 3px solid var(--line); padding-left: .6rem; font-size: .92rem;
  overflow-wrap: anywhere; }
.judgement li.met { border-color: var(--up); } .judgement li.unmet { border-color: var(--down); }
.judgement li.met b { color: var(--up); } .judgement li.unmet b { color: var(--down); }
.tiles { display: grid; gap: .6rem; margin-top: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); }
.tile { background: var(--card); border-radius: 6px; padding: .6rem .8rem; }
.tile b { display: block; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: .85rem; }
.chart { margin: 0; }
.plot { position: relative; height: 17rem; margin-left: 4.2rem; border: 1px solid var(--line); }
.plot.low { height: 9rem; }
.plot svg { position: absolute; inset: 0; width: 100%; height: 100%; }
.plot path { fill: none; stroke-width: 1.6; vector-effect: non-scaling-stroke; }
.plot path.run { stroke: var(--run); }
.plot path.base { stroke: var(--base); stroke-dasharray: 5 3; }
.plot path.fill { fill: var(--down); fill-opacity: .18; stroke: var(--down); }
.plot line { stroke: var(--line); vector-effect: non-scaling-stroke; }
.plot path.price { stroke: var(--soft); }
.plot path.outer { fill: var(--run); fill-opacity: .13; stroke: none; }
.plot path.inner { fill: var(--run); fill-opacity: .25; stroke: none; }
.plot path.marked { stroke: var(--warn); stroke-width: 2.5; }
.plot rect.up { fill: var(--up); } .plot rect.down { fill: var(--down); }
.plot rect.neutral { fill: var(--soft); }
.mark { display: inline-block; width: 0; height: 0; border: 5px solid transparent; }
.key .mark { margin: 0 .4rem 0 0; } .key .mark:not(:first-child) { margin-left: 1rem; }
.plot .mark { position: absolute; margin: -5px 0 0 -5px; }
.mark.long { border-bottom: 8px solid var(--up); border-top-width: 0; }
.mark.short { border-top: 8px solid var(--down); border-bottom-width: 0; }
.mark.gain, .mark.loss { width: 8px; height: 8px; border: 2px solid var(--up);
  border-radius: 50%; background: var(--paper); }
.mark.loss { border-color: var(--down); border-radius: 0; }
.pairs { display: grid; gap: 0 1.5rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }
.pairs > div { min-width: 0; } .pairs h3, .pairs h4 { margin-top: .3rem; }
.y { position: absolute; right: 100%; padding-right: .4rem; transform: translateY(-50%);
  white-space: nowrap; color: var(--soft); font-size: .78rem; font-variant-numeric: tabular-nums; }
.x { display: flex; justify-content: space-between; margin-left: 4.2rem; color: var(--soft);
  font-size: .78rem; font-variant-numeric: tabular-nums; padding-top: .2rem; }
.key { margin: .2rem 0 .5rem; font-size: .9rem; }
.key i:not(.mark) { display: inline-block; width: 1.6rem; margin: 0 .35rem .25rem 0;
  border-top: 2px solid; }
.key i.run { border-color: var(--run); }
.key i.base { border-color: var(--base); border-top-style: dashed; margin-left: 1rem; }
.wide { overflow-x: auto; -webkit-overflow-scrolling: touch;
  background: linear-gradient(90deg, var(--paper) 40%, transparent) left / 3rem 100% local,
    linear-gradient(270deg, var(--paper) 40%, transparent) right / 3rem 100% local,
    linear-gradient(90deg, var(--shade), transparent) left / 1rem 100% scroll,
    linear-gradient(270deg, var(--shade), transparent) right / 1rem 100% scroll;
  background-repeat: no-repeat; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums;
  font-size: .9rem; }
th, td { padding: .3rem .55rem; border-bottom: 1px solid var(--line); text-align: right;
  white-space: nowrap; }
th { color: var(--soft); font-weight: 600; }
th:first-child, td:first-child { text-align: left; white-space: normal; }
table.plain td:last-child { white-space: normal; }
table.trades { font-size: .8rem; } table.trades td, table.trades th { padding: .25rem .35rem; }
table.trades td:nth-child(-n+4), table.trades th:nth-child(-n+4), table.trades td:last-child,
table.trades th:last-child { text-align: left; }
table.map th:first-child, table.map td:first-child { white-space: nowrap; }
table.settings th { text-align: left; }
td.free { white-space: normal; overflow-wrap: anywhere; text-align: left; }
td.tint { --tone: var(--up); background: color-mix(in srgb, var(--tone) calc(var(--t) * 100%),
  transparent); color: var(--ink); }
td.tint.down { --tone: var(--down); }
.up { color: var(--up); } .down { color: var(--down); }
@media (max-width: 560px) { .x span:nth-child(even) { display: none; }
  .plot, .x { margin-left: 3.6rem; } .plot { height: 13rem; }
  th, td { padding: .3rem .4rem; } th:first-child, td:first-child { min-width: 6.5rem; }
  table.heat th:first-child, table.heat td:first-child { min-width: 0; } }
@media print { .wide { overflow: visible; background: none; } h2 { break-after: avoid; } }
"""
