import { readFileSync } from 'node:fs';
import { SwarmCluster, labMachines } from '../../components';
import { benchNodes, benchSubnet, benchVip, type BenchDeclaration } from './declaration';

const declaration = JSON.parse(
  readFileSync(process.env['PROGRAM_DECLARATION'] ?? '', 'utf8'),
) as BenchDeclaration;

if (declaration.managers > 0) {
  new SwarmCluster('bench', {
    machine: labMachines({ lab: 'bench', subnet: benchSubnet }),
    os: declaration.os,
    ...benchNodes(declaration),
    vip: { addresses: [benchVip], routerId: 51 },
    maxUnavailable: declaration.maxUnavailable,
    allowDestroy: true,
  });
}
