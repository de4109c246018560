/** What a measured program declares. */
export interface BenchDeclaration {
  readonly managers: number;
  readonly workers: number;
  readonly os: string;
  readonly maxUnavailable: number | string;
}

export interface BenchNode {
  readonly name: string;
  readonly address: string;
}

export const benchSubnet = '10.88.0.0/16';
export const benchVip = '10.88.1.5/24';

/** Nodes m1, m2, … and w1, w2, …, each at its own address. */
export function benchNodes({ managers, workers }: Pick<BenchDeclaration, 'managers' | 'workers'>): {
  readonly managers: readonly BenchNode[];
  readonly workers: readonly BenchNode[];
} {
  const some = (letter: string, count: number, from: number): readonly BenchNode[] =>
    Array.from({ length: count }, (_, index) => ({
      name: `${letter}${String(index + 1)}`,
      address: addressAt(from + index),
    }));
  return { managers: some('m', managers, 0), workers: some('w', workers, managers) };
}

/** The n-th of the subnet; the managers are in one /24 with the virtual IP. */
function addressAt(index: number): string {
  return `10.88.${String(Math.floor(index / 200) + 1)}.${String((index % 200) + 10)}`;
}
