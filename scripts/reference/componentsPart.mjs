import { code, table } from './markdown.mjs';

const titles = {
  class: 'Components and resources that a program constructs',
  function: 'Kinds of machine',
  interface: 'Arguments',
  type: 'Other types',
};

/** The part of the reference on what `components/index.ts` exports. */
export function renderComponents(exported) {
  return Object.entries(titles).flatMap(([kind, title]) => [
    `### ${title}`,
    ...exported
      .filter((one) => one.kind === kind)
      .flatMap((one) => [`#### ${one.name}`, one.doc, ...bodyOf(one)]),
  ]);
}

function bodyOf({ kind, members, signature, text }) {
  if (kind === 'function') return [code(signature)];
  if (kind === 'type') return [code(text)];
  const rows = members.map((member) => [
    code(member.name),
    code(member.type),
    kind === 'class' ? '' : member.isOptional ? '' : 'yes',
    member.doc,
  ]);
  if (rows.length === 0) return [];
  return kind === 'class'
    ? [
        'Outputs:',
        table(
          ['name', 'type', 'what'],
          rows.map(([name, type, , doc]) => [name, type, doc]),
        ),
      ]
    : [table(['name', 'type', 'required', 'what'], rows)];
}
