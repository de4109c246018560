/** A table; cells may hold anything, also bars and line breaks. */
export function table(headings, rows) {
  return [headings, headings.map(() => '---'), ...rows]
    .map((row) => `| ${row.map(cell).join(' | ')} |`)
    .join('\n');
}

export function code(text) {
  return `\`${text.replace(/\s+/g, ' ')}\``;
}

function cell(text) {
  return text.replace(/\s*\n\s*/g, ' ').replace(/\|/g, '\\|');
}
