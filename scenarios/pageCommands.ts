/** The commands under one heading of a page (`## …`), a text for each of its `sh` blocks. */
export function pageCommands(page: string, heading: string): readonly string[] {
  const sections = page.split(/^## /m);
  const section = sections.find((text) => text.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`the page has no heading "${heading}"`);
  return [...section.matchAll(/^( *)```sh\n([^]*?)^ *```$/gm)].map(([, indent, body]) =>
    (body ?? '').replaceAll(new RegExp(`^${indent ?? ''}`, 'gm'), ''),
  );
}

/** Names of the variables that a block gives values to. */
export function assigned(block: string): readonly string[] {
  return [...block.matchAll(/^([A-Z]+)=/gm)].map(([, name]) => name ?? '');
}
