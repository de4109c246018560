import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { repository } from '../../demo/project';
import { readReliabilityPage, renderReliabilityPage } from './reliabilityPage';
import { mergeRows, parseRows, type ScenarioRow } from './scenarioRow';

/** Where rows are kept: for programs, ignored by git, and for people. */
export interface ReportFiles {
  readonly json: string;
  /** Undefined: no page is written. */
  readonly page?: string;
}

export function reportFiles(): Required<ReportFiles> {
  return {
    json: join(repository, 'out', 'scenarios', 'report.json'),
    page: join(repository, 'docs', 'reliability.md'),
  };
}

/**
 * Adds rows to what is there; of each scenario the last run stays. The page alone is enough: a fresh
 * checkout has no report.json.
 *
 * @throws SwarmError `ReportDamaged`.
 */
export async function addToReport(
  files: ReportFiles,
  rows: readonly ScenarioRow[],
): Promise<readonly ScenarioRow[]> {
  const json = await readIfAny(files.json);
  const page = files.page === undefined ? undefined : await readIfAny(files.page);
  const merged = mergeRows(
    json === undefined ? [] : parseRows(json, files.json),
    page === undefined ? [] : readReliabilityPage(page),
    rows,
  );
  await writeWhole(files.json, `${JSON.stringify(merged, undefined, 2)}\n`);
  if (files.page !== undefined) await writeWhole(files.page, renderReliabilityPage(merged));
  return merged;
}

async function writeWhole(file: string, content: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
}

async function readIfAny(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
