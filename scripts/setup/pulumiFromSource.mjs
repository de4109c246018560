import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isRoot, run, which } from './command.mjs';
import { installPackages } from './osPackages.mjs';
import { SetupError } from './progress.mjs';

/** From this version on `go` fetches the newer toolchain that a module asks for by itself. */
const leastGo = [1, 21];

/**
 * The language host lives in the SDK's module up to this version; later ones have replace directives
 * in their go.mod and cannot be built as a dependency. It serves every SDK of the major version.
 */
const languageHostVersion = '3.68.0';

/** Builds CLI and language host from Go modules; returns the directory that holds them. */
export async function buildPulumi(scratch, version) {
  const go = await ensureGo();
  const ready = join(scratch, 'ready');
  mkdirSync(ready);
  await build(go, join(scratch, 'cli'), {
    module: `github.com/pulumi/pulumi/pkg/v3/cmd/pulumi@v${version}`,
    output: join(ready, 'pulumi'),
    // Without it the CLI calls itself v3.0.0-dev, and refuses nothing but warns.
    version: `github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${version}`,
  });
  await build(go, join(scratch, 'host'), {
    module: `github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs@v${languageHostVersion}`,
    output: join(ready, 'pulumi-language-nodejs'),
  });
  return ready;
}

/** `go install` refuses modules with replace directives, so each is built inside a module of ours. */
async function build(go, directory, { module, output, version }) {
  mkdirSync(directory);
  const options = {
    cwd: directory,
    env: { ...process.env, GOFLAGS: '-mod=mod -buildvcs=false', CGO_ENABLED: '0' },
  };
  const [path] = module.split('@');
  await run([go, 'mod', 'init', 'example.invalid/setup'], options);
  await run([go, 'get', module], options);
  const flags = version === undefined ? '-s -w' : `-s -w -X ${version}`;
  await run([go, 'build', '-trimpath', '-ldflags', flags, '-o', output, path], options);
}

async function ensureGo() {
  const found = which('go', ['/usr/local/go/bin']);
  if (found !== undefined) {
    const version = await run([found, 'env', 'GOVERSION'], { timeoutSeconds: 60 });
    if (isRecent(version)) {
      return found;
    }
  }
  const remedy = `install the Pulumi CLI (https://www.pulumi.com/docs/install/) or Go ${leastGo.join('.')} or later, and run the command again`;
  if (!isRoot() || which('apt-get') === undefined) {
    throw new SetupError(
      `pulumi: not installed, its download is out of reach, and there is no recent go to build it with; ${remedy}`,
    );
  }
  await run(['apt-get', 'update', '--quiet']);
  const policy = await run(['apt-cache', 'policy', 'golang-go']);
  const candidate = /Candidate: (?:\d+:)?(\S+)/.exec(policy)?.[1] ?? 'none';
  if (!isRecent(candidate)) {
    throw new SetupError(
      `pulumi: not installed, its download is out of reach, and this distribution's Go (${candidate}) is too old to build it with; ${remedy}`,
    );
  }
  await installPackages(['golang-go']);
  return which('go');
}

/** `go1.26.8` or `1.24~2`. */
function isRecent(version) {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(version) ?? [];
  return (
    Number(major) > leastGo[0] || (Number(major) === leastGo[0] && Number(minor) >= leastGo[1])
  );
}
