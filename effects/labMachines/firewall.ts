import { bridgeName, linkPrefix, ruleComment } from './layout';
import { findTool, runTool } from './tool';

/** A lab's rules in this computer's firewall. Each rule carries the lab's name, by which it is found again. */
export interface Firewall {
  /** Lets the bridge's traffic through and hides the subnet behind this computer's addresses. */
  open(lab: string, subnet: string): Promise<void>;
  /** Removes every rule of the lab; succeeds when there is none. */
  close(lab: string): Promise<void>;
  /** Names of the labs that have rules. */
  labs(): Promise<readonly string[]>;
}

/** The firewall that this computer's tools can speak to, or undefined. iptables first: Docker and most hosts use it. */
export function hostFirewall(): Firewall | undefined {
  if (findTool('iptables') !== undefined && findTool('iptables-save') !== undefined) {
    return iptables;
  }
  return findTool('nft') === undefined ? undefined : nftables;
}

interface Rule {
  readonly table: 'filter' | 'nat';
  readonly chain: 'FORWARD' | 'POSTROUTING';
  readonly match: readonly string[];
}

function rules(lab: string, subnet: string): readonly Rule[] {
  const bridge = bridgeName(lab);
  const comment = ['-m', 'comment', '--comment', ruleComment(lab)];
  return [
    // With bridge-nf-call-iptables the frames between machines pass FORWARD too, whose policy may be DROP.
    { table: 'filter', chain: 'FORWARD', match: ['-i', bridge, ...comment, '-j', 'ACCEPT'] },
    { table: 'filter', chain: 'FORWARD', match: ['-o', bridge, ...comment, '-j', 'ACCEPT'] },
    // `! -o bridge`, not `! -d subnet`: VRRP's multicast must keep its source address.
    {
      table: 'nat',
      chain: 'POSTROUTING',
      match: ['-s', subnet, '!', '-o', bridge, ...comment, '-j', 'MASQUERADE'],
    },
  ];
}

/** One rule of `iptables-save` that belongs to a lab. */
interface SavedRule {
  readonly table: string;
  readonly lab: string;
  /** `-A CHAIN …` as iptables takes it. */
  readonly specification: readonly string[];
}

/** Rules of labs in the output of `iptables-save`. Our rules hold no blank, so words can be split at blanks. */
export function parseSavedRules(saved: string): readonly SavedRule[] {
  const found: SavedRule[] = [];
  let table = '';
  for (const line of saved.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim();
    const lab = /--comment "?swarm-lab:([a-z0-9-]+)"?(?: |$)/.exec(line)?.[1];
    if (line.startsWith('-A ') && lab !== undefined) {
      const specification = line.split(' ').map((word) => word.replace(/^"(.*)"$/, '$1'));
      found.push({ table, lab, specification });
    }
  }
  return found;
}

const iptables: Firewall = {
  async open(lab, subnet) {
    const present = (await savedRules()).filter((rule) => rule.lab === lab);
    const wanted = rules(lab, subnet);
    const isWhole =
      present.length === wanted.length &&
      present.every((rule) => rule.table !== 'nat' || rule.specification.includes(subnet));
    if (isWhole) return;
    await iptables.close(lab);
    for (const { table, chain, match } of wanted) {
      await runTool(['iptables', '--wait', '10', '-t', table, '-I', chain, ...match]);
    }
  },
  async close(lab) {
    for (const { table, specification } of (await savedRules()).filter(
      (rule) => rule.lab === lab,
    )) {
      const [, ...rest] = specification;
      await runTool(['iptables', '--wait', '10', '-t', table, '-D', ...rest]);
    }
  },
  async labs() {
    return [...new Set((await savedRules()).map((rule) => rule.lab))];
  },
};

async function savedRules(): Promise<readonly SavedRule[]> {
  return parseSavedRules(await runTool(['iptables-save']));
}

/** A table of its own per lab, so that nothing of anybody else is touched. */
function tableName(lab: string): string {
  return linkPrefix(lab).replace('-', '_');
}

const nftables: Firewall = {
  async open(lab, subnet) {
    const bridge = bridgeName(lab);
    const table = tableName(lab);
    const comment = `comment "${ruleComment(lab)}"`;
    await runTool(['nft', '-f', '-'], {
      stdin: [
        `table ip ${table}`,
        `delete table ip ${table}`,
        `table ip ${table} {`,
        `  chain forward { type filter hook forward priority -10; policy accept;`,
        `    iifname "${bridge}" accept ${comment}`,
        `    oifname "${bridge}" accept ${comment}`,
        `  }`,
        `  chain postrouting { type nat hook postrouting priority 100; policy accept;`,
        `    ip saddr ${subnet} oifname != "${bridge}" masquerade ${comment}`,
        `  }`,
        `}`,
        '',
      ].join('\n'),
    });
  },
  async close(lab) {
    const table = tableName(lab);
    // Declared before it is deleted, so that deleting it succeeds when there is none.
    await runTool(['nft', '-f', '-'], {
      stdin: `table ip ${table}\ndelete table ip ${table}\n`,
    });
  },
  async labs() {
    const listed = await runTool(['nft', 'list', 'ruleset', 'ip']);
    return [
      ...new Set([...listed.matchAll(/comment "swarm-lab:([a-z0-9-]+)"/g)].map((m) => m[1] ?? '')),
    ];
  },
};
