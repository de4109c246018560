import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderReportHtml } from './html';
import type { Report } from './report';

/** Writes report.json and report.html into a directory, which is made. Returns their paths. */
export async function writeReport(
  directory: string,
  report: Report,
): Promise<{ readonly json: string; readonly html: string }> {
  const paths = { json: join(directory, 'report.json'), html: join(directory, 'report.html') };
  await mkdir(directory, { recursive: true });
  await writeFile(paths.json, `${JSON.stringify(report, null, 2)}\n`);
  await writeFile(paths.html, renderReportHtml(report));
  return paths;
}
