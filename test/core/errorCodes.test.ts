import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as ts from 'typescript';
import { checkout } from '../support/checkout';

/** Rooms whose errors reach a user of the package. */
const rooms = ['core', 'effects', 'provider', 'lab'];
/** What an error is made with: the class itself, its subclasses' `super`, and files' own shorthands. */
const makers = ['SwarmError', 'super', 'fail', 'invalid', 'this.failed'];

const raised = readRaised();
const documented = readDocumented();

test('every error code of the code is in the guide, and no other', () => {
  const codes = [...raised.keys()].sort();
  assert.ok(codes.length > 50, `only ${String(codes.length)} codes were found in the code`);
  assert.deepEqual([...documented.keys()].sort(), codes);
});

for (const [code, phrases] of documented) {
  test(`what the guide quotes of ${code} is what the code says`, () => {
    const text = raised.get(code) ?? '';
    const missing = phrases.filter((phrase) => !text.includes(phrase));
    assert.deepEqual(missing, []);
  });
}

/** Code → text of the files that raise it. */
function readRaised(): Map<string, string> {
  const found = new Map<string, string>();
  for (const room of rooms) {
    for (const name of readdirSync(join(checkout, room), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue;
      const text = readFileSync(join(checkout, room, name), 'utf8');
      const source = ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
      for (const code of codesIn(source)) {
        found.set(code, (found.get(code) ?? '') + text.replace(/\\`/g, '`'));
      }
    }
  }
  return found;
}

function codesIn(source: ts.SourceFile): Set<string> {
  const codes = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      const [first] = node.arguments ?? [];
      if (first !== undefined && makers.includes(node.expression.getText(source))) {
        for (const code of textsOf(first)) {
          if (/^[A-Z][a-z]+[A-Z]\w+$/.test(code)) codes.add(code);
        }
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return codes;
}

/** A literal, both sides of a choice, or a template over a union of literals (`File${action}Failed`). */
function textsOf(expression: ts.Expression): readonly string[] {
  if (ts.isStringLiteralLike(expression)) return [expression.text];
  if (ts.isConditionalExpression(expression)) {
    return [...textsOf(expression.whenTrue), ...textsOf(expression.whenFalse)];
  }
  if (!ts.isTemplateExpression(expression)) return [];
  const [span] = expression.templateSpans;
  const declared = expression.getSourceFile().text;
  const union = new RegExp(`${span?.expression.getText() ?? ''}: ((?:'\\w+'(?: \\| )?)+)`).exec(
    declared,
  )?.[1];
  return (union?.match(/\w+/g) ?? []).map(
    (each) => `${expression.head.text}${each}${span?.literal.text ?? ''}`,
  );
}

/** Code → the phrases that its row of the guide quotes, without what stands for a value (`…`). */
function readDocumented(): Map<string, readonly string[]> {
  const guide = readFileSync(join(checkout, 'docs', 'guide.md'), 'utf8');
  return new Map(
    [...guide.matchAll(/^\| `([A-Z]\w+)`\s*\|([^|]*)\|/gm)].map(([, code, says]) => [
      code ?? '',
      [...(says ?? '').matchAll(/`([^`]+)`/g)]
        .flatMap(([, phrase]) => (phrase ?? '').split('…'))
        .map((phrase) => phrase.trim())
        .filter((phrase) => phrase !== ''),
    ]),
  );
}
