/** The style sheet of report.html, for its text and its picture. */
export const reportStyle = `
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #f6f7f9; color: #1c2430; font: 14px/1.45 system-ui, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif; }
main { max-width: 1200px; margin: 0 auto; padding: 28px 16px 40px; }
h1 { font-size: 24px; line-height: 1.25; margin: 0 0 4px; }
h2 { font-size: 16px; margin: 0 0 14px; }
p { margin: 0; }
.quiet { color: #596474; fill: #596474; font-size: 12.5px; font-weight: 400; }
header { display: flex; justify-content: space-between; align-items: flex-start; gap: 24px; margin-bottom: 20px; }
.result { padding: 5px 16px; border-radius: 999px; color: #fff; font-size: 15px; }
.result.passed { background: #1a7f45; }
.result.failed { background: #b42318; }
.problems { margin: 0 0 20px; padding: 12px 16px 12px 34px; background: #fdecea; border: 1px solid #f3b8b2; border-radius: 8px; color: #7a1a12; }
.figures { display: grid; grid-template-columns: repeat(5, 1fr); gap: 12px; margin: 0 0 20px; }
.figures div, section { background: #fff; border: 1px solid #dfe3e9; border-radius: 8px; }
.figures div { padding: 12px 14px; }
.figures dt { color: #596474; font-size: 12.5px; }
.figures dd { margin: 0; }
.figures .value { font-size: 22px; font-weight: 650; line-height: 1.4; font-variant-numeric: tabular-nums; }
section { padding: 18px 16px; margin-bottom: 20px; }
svg { display: block; width: 100%; height: auto; font-size: 13px; }
svg .heading { font-size: 12.5px; font-weight: 650; fill: #38424f; }
svg .name { font-weight: 650; fill: #1c2430; }
svg .stripe { fill: #f6f7f9; }
svg .stripe.odd { fill: #fff; }
svg .turn { fill: #e3e8ef; }
svg .panel { fill: none; stroke: #e3e8ef; }
svg .grid { stroke: #1c2430; stroke-opacity: 0.09; }
svg .level { stroke: #e3e8ef; }
svg path { fill: none; }
svg .members { stroke: #a9c5e8; stroke-width: 7; }
svg .reachable { stroke: #174a86; stroke-width: 2; }
svg .majority { stroke: #b42318; stroke-width: 1.5; stroke-dasharray: 5 4; }
svg .unanswered { fill: #9aa3b0; fill-opacity: 0.45; }
svg .failure { fill: #d92d20; }
svg .failed, svg .interrupted { stroke: #d92d20; stroke-width: 2; }
.leaving { opacity: 0.5; }
.legend { display: flex; flex-wrap: wrap; gap: 6px 20px; list-style: none; margin: 12px 0 0; padding: 0; font-size: 12.5px; color: #38424f; }
.legend li { display: flex; align-items: center; gap: 7px; }
.swatch { display: inline-block; width: 14px; height: 14px; border-radius: 2px; }
.swatch.unanswered { background: #9aa3b0; opacity: 0.45; }
.line { display: inline-block; width: 22px; border-top: 2px solid; }
.line.members { border-top: 7px solid #a9c5e8; }
.line.reachable { border-color: #174a86; }
.line.majority { border-top: 2px dashed #b42318; }
.nodes { columns: 2; column-gap: 32px; }
table { width: 100%; border-collapse: collapse; break-inside: avoid; margin-bottom: 22px; font-size: 13px; }
caption { text-align: left; padding-bottom: 4px; font-size: 15px; }
th { font-size: 12px; font-weight: 400; color: #596474; text-align: left; border-bottom: 1px solid #dfe3e9; padding: 2px 8px 4px 0; }
td { border-bottom: 1px solid #eef0f3; padding: 3px 8px 3px 0; vertical-align: baseline; }
.number, th:first-child, th:nth-child(3) { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.sentence { width: 100%; }
.bars { min-width: 76px; padding-right: 0; vertical-align: middle; }
.bar { display: block; height: 8px; min-width: 1px; border-radius: 1px; }
tr.failed .sentence, tr.interrupted .sentence { color: #b42318; }
`;
