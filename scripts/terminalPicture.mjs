// Draws a terminal's output, colours and all, as an SVG:
//   node scripts/terminalPicture.mjs < docs/images/preview.ansi > docs/images/preview.svg
import { readFileSync } from 'node:fs';

const size = { font: 13, line: 19, character: 7.83, padding: 18, columns: 118 };
const colours = { text: '#d7dae0', dim: '#8a919e', background: '#1c1f26' };
/** The 16 colours by number; Pulumi uses them as `38;5;N`. */
const palette = [
  ...['#5c6370', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#d7dae0'],
  ...['#8a919e', '#ff7b86', '#b5e08f', '#ffd68a', '#7cc4ff', '#dd9af0', '#6fd3de', '#ffffff'],
];

/** One line as runs of equal style. */
function parseLine(line) {
  const runs = [];
  let style = {};
  for (const part of line.split(/(\x1b\[[\d;]*m)/)) {
    const codes = /^\x1b\[([\d;]*)m$/.exec(part)?.[1];
    if (codes !== undefined) style = applied(style, codes);
    else if (part !== '') runs.push({ text: part, ...style });
  }
  return runs;
}

function applied(style, codes) {
  const indexed = /^38;5;(\d+)$/.exec(codes)?.[1];
  if (indexed !== undefined) return { ...style, colour: palette[Number(indexed)] };
  if (codes === '1') return { ...style, isBold: true };
  if (codes === '2') return { ...style, colour: colours.dim };
  const plain = /^3([0-7])$/.exec(codes)?.[1];
  if (plain !== undefined) return { ...style, colour: palette[Number(plain)] };
  return codes === '' || codes === '0' ? {} : style;
}

/** Lines that are too long go on below, indented as a terminal would not do, but a reader likes. */
function wrapped(runs) {
  const lines = [[]];
  let used = 0;
  for (const { text, ...style } of runs) {
    for (const word of text.split(/(?<= )/)) {
      if (used + word.trimEnd().length > size.columns) {
        lines.push([{ text: ' '.repeat(9) }]);
        used = 9;
      }
      lines.at(-1).push({ text: word, ...style });
      used += word.length;
    }
  }
  return lines;
}

function escaped(text) {
  // A picture viewer may fold ordinary spaces, and indentation would be lost.
  return text
    .replace(/ /g, '\u00a0')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');
}

function render(lines) {
  const width = Math.ceil(size.columns * size.character + 2 * size.padding);
  const height = lines.length * size.line + 2 * size.padding;
  const rows = lines.map((runs, row) => {
    const spans = runs.map(({ text, colour, isBold }) => {
      const attributes = [
        ...(colour === undefined ? [] : [`fill="${colour}"`]),
        ...(isBold === true ? ['font-weight="bold"'] : []),
      ];
      return `<tspan${attributes.map((one) => ` ${one}`).join('')}>${escaped(text)}</tspan>`;
    });
    const y = size.padding + row * size.line + size.font;
    return `<text x="${size.padding}" y="${y}">${spans.join('')}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${size.font}" fill="${colours.text}">`,
    `<rect width="${width}" height="${height}" rx="8" fill="${colours.background}"/>`,
    ...rows,
    '</svg>',
    '',
  ].join('\n');
}

const text = readFileSync(0, 'utf8').trimEnd();
process.stdout.write(render(text.split('\n').flatMap((line) => wrapped(parseLine(line)))));
