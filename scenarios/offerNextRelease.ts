import type { Host } from '../effects/effects';

/** Debian 13 and the release after it: packages of the one beside those of the other, as somebody has them who wants a newer engine. */
export async function offerNextRelease(host: Host): Promise<void> {
  const sources = (await host.files.read('/etc/apt/sources.list')) ?? '';
  const next = sources
    .split('\n')
    .filter((line) => !/security|updates/.test(line))
    .map((line) => line.replaceAll('trixie', 'forky'));
  await host.files.write('/etc/apt/sources.list.d/next.list', next.join('\n'));
  const argv = ['apt-get', '-o', 'Acquire::Check-Valid-Until=false', 'update'];
  const { code, stderr } = await host.run(argv, { timeoutSeconds: 300 });
  if (code !== 0) throw new Error(`${host.description}: ${argv.join(' ')}: ${stderr}`);
}
