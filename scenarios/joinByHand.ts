import type { CommandResult, Host } from '../effects/effects';

/** Constant; argument: the manager's address. The token comes on standard input, so that nothing that quotes a command has it. */
const script = 'read -r token; exec docker swarm join --token "$token" "$1"';

/** Docker's own command, as an administrator types it. A refusal is a result. */
export function joinByHand(host: Host, token: string, manager: string): Promise<CommandResult> {
  return host.run(['sh', '-c', script, 'sh', `${manager}:2377`], {
    stdin: `${token}\n`,
    timeoutSeconds: 60,
  });
}
