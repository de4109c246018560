import { firstRunPasses } from './firstRun';
import type { VrrpFile } from './hostFile';
import { defaultCheckPace, defaultHttpPath } from './vrrpCheck';
import type { VrrpCheck } from './vrrpCheck';

/** Bash opens the connection itself: no client need be installed. */
export const tcpCheckFile: VrrpFile = {
  path: '/etc/keepalived/swarm-tcp.sh',
  text: `#!/bin/bash
# Managed by the Pulumi package "swarm". Arguments: address, port. Fails when no connection opens.
${firstRunPasses('tcp.$1.$2')}
exec 2> /dev/null
exec 3<> "/dev/tcp/$1/$2"
`,
  mode: 0o700,
};

export const httpCheckFile: VrrpFile = {
  path: '/etc/keepalived/swarm-http.sh',
  text: `#!/bin/bash
# Managed by the Pulumi package "swarm". Arguments: address, port, path. Fails without an answer of 200 to 399.
${firstRunPasses('http.$1.$2.${3//[^A-Za-z0-9]/_}')}
exec 2> /dev/null
exec 3<> "/dev/tcp/$1/$2" || exit 1
printf 'GET %s HTTP/1.0\\r\\nHost: %s\\r\\nConnection: close\\r\\n\\r\\n' "$3" "$1" >&3
IFS=' ' read -r protocol status rest <&3
[[ $protocol == HTTP/1.* && $status == [23][0-9][0-9] ]]
`,
  mode: 0o700,
};

/** What keepalived runs for a check: words without spaces, see `vrrpCheckFaults`. */
function scriptOf(check: VrrpCheck, address: string): readonly string[] {
  if ('tcp' in check) return [tcpCheckFile.path, address, String(check.tcp)];
  if ('http' in check) {
    return [httpCheckFile.path, address, String(check.http), check.path ?? defaultHttpPath];
  }
  return check.command;
}

/** The blocks of a user's checks, `check1` and so on, asked at the node's own address. */
export function checkBlocks(checks: readonly VrrpCheck[], address: string): readonly string[] {
  return checks.flatMap((check, index) => {
    const pace = { ...defaultCheckPace, ...check };
    return [
      `vrrp_script ${checkName(index)} {`,
      `    script "${scriptOf(check, address).join(' ')}"`,
      `    interval ${String(pace.intervalSeconds)}`,
      `    timeout ${String(pace.timeoutSeconds)}`,
      `    fall ${String(pace.fall)}`,
      `    rise ${String(pace.rise)}`,
      '}',
      '',
    ];
  });
}

export function checkName(index: number): string {
  return `check${String(index + 1)}`;
}

/** The scripts that these checks need. */
export function checkFiles(checks: readonly VrrpCheck[]): readonly VrrpFile[] {
  return [
    ...(checks.some((check) => 'tcp' in check) ? [tcpCheckFile] : []),
    ...(checks.some((check) => 'http' in check) ? [httpCheckFile] : []),
  ];
}

/** The checks of a file of ours, as they were declared. */
export function parseChecks(text: string): readonly VrrpCheck[] {
  const blocks = [...text.matchAll(/^vrrp_script check\d+ \{\n((?: {4}.*\n)+)\}$/gm)];
  return blocks.map(([, block = '']) => {
    const word = (name: string): string | undefined =>
      new RegExp(`^ {4}${name} (\\S+)$`, 'm').exec(block)?.[1];
    const argv = (/^ {4}script "(.*)"$/m.exec(block)?.[1] ?? '').split(' ');
    const pace = Object.fromEntries(
      (
        [
          ['intervalSeconds', 'interval'],
          ['timeoutSeconds', 'timeout'],
          ['fall', 'fall'],
          ['rise', 'rise'],
        ] as const
      )
        .map(([key, name]) => [key, Number(word(name))] as const)
        .filter(([key, value]) => value !== defaultCheckPace[key]),
    );
    return { ...targetOf(argv), ...pace };
  });
}

function targetOf(argv: readonly string[]): VrrpCheck {
  const [script, , port, path = defaultHttpPath] = argv;
  if (script === tcpCheckFile.path) return { tcp: Number(port) };
  if (script === httpCheckFile.path) {
    return { http: Number(port), ...(path === defaultHttpPath ? {} : { path }) };
  }
  return { command: argv };
}
