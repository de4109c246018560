import { canonical } from '../canonical';
import { isRecord } from '../isRecord';

/**
 * How a part of a JSON answer is read when two of them are compared: only what the shape names, with what is left out
 * filled in. So a field that a later Engine adds is no difference.
 */
export type Shape =
  | {
      readonly kind: 'value';
      /** What its absence means; for one that is not `isExact`, 0, false and the empty text as well. */
      readonly absent: unknown;
      readonly isExact: boolean;
    }
  /** In an order that means something. */
  | { readonly kind: 'list' }
  /** Whatever their order. */
  | { readonly kind: 'set'; readonly item: Shape }
  /** Texts by names. */
  | { readonly kind: 'map' }
  | { readonly kind: 'object'; readonly fields: Fields };

interface Field {
  /** What a user calls it. */
  readonly term: string;
  readonly shape: Shape;
  /** Engines that do not know it forget it without a word: its absence from an answer says nothing. */
  readonly isYoung: boolean;
}

type Fields = Readonly<Record<string, Field>>;

/** 0, false, the empty text and nothing are the same: the Engine leaves such a field out. */
export function value(absent?: unknown): Shape {
  return { kind: 'value', absent, isExact: false };
}

/** 0 and false are other values than nothing. */
export function exact(absent?: unknown): Shape {
  return { kind: 'value', absent, isExact: true };
}

export const list: Shape = { kind: 'list' };
export const map: Shape = { kind: 'map' };

export function set(item: Shape = value()): Shape {
  return { kind: 'set', item };
}

export function object(fields: Fields): Shape {
  return { kind: 'object', fields };
}

export function field(term: string, shape: Shape = value()): Field {
  return { term, shape, isYoung: false };
}

export function young(term: string, shape: Shape = value()): Field {
  return { term, shape, isYoung: true };
}

/** Without order and defaults: equal for answers that mean the same. Young fields are in none. */
export function normal(shape: Shape, given: unknown): unknown {
  switch (shape.kind) {
    case 'value':
      return isAbsent(shape.isExact, given) ? shape.absent : rounded(given);
    case 'list':
      return listed(given);
    case 'set':
      return ordered(shape.item, given).map((item) => normal(shape.item, item));
    case 'map':
      return isRecord(given) ? { ...given } : {};
    case 'object':
      return Object.fromEntries(
        Object.entries(shape.fields)
          .filter(([, { isYoung }]) => !isYoung)
          .map(([name, each]) => [name, normal(each.shape, own(given, name))]),
      );
  }
}

/** The terms of what differs, down to the names in a map; no value of either is in them. */
export function differences(
  shape: Shape,
  wanted: unknown,
  found: unknown,
  term = '',
): readonly string[] {
  if (shape.kind === 'object') {
    return Object.entries(shape.fields).flatMap(([name, each]) => {
      const [one, other] = [own(wanted, name), own(found, name)];
      if (each.isYoung && isAbsent(false, other)) return [];
      return differences(each.shape, one, other, joined(term, each.term));
    });
  }
  const [one, other] = [normal(shape, wanted), normal(shape, found)];
  if (shape.kind === 'set' && canonical(one) === canonical(other)) {
    const [these, those] = [ordered(shape.item, wanted), ordered(shape.item, found)];
    const isOther = these.some(
      (item, index) => differences(shape.item, item, those[index]).length > 0,
    );
    return isOther ? [term] : [];
  }
  if (shape.kind === 'map') {
    const names = Object.keys({ ...(one as object), ...(other as object) }).sort();
    return names
      .filter((name) => canonical(own(one, name)) !== canonical(own(other, name)))
      .map((name) => joined(term, name));
  }
  return canonical(one) === canonical(other) ? [] : [term];
}

function isAbsent(isExact: boolean, given: unknown): boolean {
  return (
    given === undefined ||
    given === null ||
    (!isExact && (given === '' || given === 0 || given === false))
  );
}

/** The swarm keeps fractions in 32 bits. */
function rounded(given: unknown): unknown {
  return typeof given === 'number' && !Number.isInteger(given) ? Math.fround(given) : given;
}

function own(given: unknown, name: string): unknown {
  return isRecord(given) && Object.hasOwn(given, name) ? given[name] : undefined;
}

function listed(given: unknown): readonly unknown[] {
  return Array.isArray(given) ? (given as readonly unknown[]) : [];
}

/** As they are, in the order of what they mean: those of two equal sets pair up. */
function ordered(shape: Shape, given: unknown): readonly unknown[] {
  return listed(given)
    .map((item) => ({ item, text: canonical(normal(shape, item)) }))
    .sort((a, b) => (a.text < b.text ? -1 : 1))
    .map(({ item }) => item);
}

function joined(term: string, name: string): string {
  return [term, name].filter((each) => each !== '').join('.');
}
