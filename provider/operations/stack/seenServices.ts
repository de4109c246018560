import type { ServiceFacts, SwarmObjectFacts } from '../../../core/facts';
import { stackSpecLabel } from '../../../core/labels';
import { hasImage } from '../../../core/stack/stackProgress';
import { scoped } from '../../../core/stack/stackNames';
import { changedByHand, type HandChanges } from '../../../core/stack/changedByHand';
import { portTexts, stackSummary } from '../../../core/stack/stackSummary';
import type { PropertyMap } from '../../server/resource';
import { isOurs, mayTake, type StackOwner } from './stackObjects';
import { hidden, planOf, type StackInputs } from './stackSpec';

const notAsDeclared = 'not as last declared';

/**
 * The summary of a stack as the swarm has it: what somebody scaled, gave another image or removed by
 * hand differs from the declared one, and so the next plan shows it; a service of ours that nothing declares
 * too. Undefined when the swarm has nothing of it.
 */
export function seenServices(
  spec: StackInputs,
  owner: StackOwner,
  services: readonly ServiceFacts[],
  networks: readonly SwarmObjectFacts[],
): { readonly summary: PropertyMap; readonly present: readonly ServiceFacts[] } | undefined {
  const { plan } = planOf(spec);
  const hide = hidden(spec as unknown as PropertyMap);
  const declared = stackSummary(plan, hide);
  const present: ServiceFacts[] = [];
  const summary: Record<string, PropertyMap> = {};
  for (const { key, body } of plan.services) {
    const found = services.find(({ name, labels }) => name === body.Name && mayTake(owner, labels));
    if (found === undefined) continue;
    present.push(found);
    const image = body.TaskTemplate.ContainerSpec.Image;
    // Scaling and a new image keep the digest; a `docker stack deploy` of other files does not.
    const digest = found.labels[stackSpecLabel];
    const isOther = digest !== body.Labels[stackSpecLabel];
    // Of variables whose values are not known here: those of an update that did not end, or of before.
    const isSecret = hide(image) !== image || (isOther && digest !== undefined);
    const byHand = isOther ? {} : changedByHand(body, found, networks);
    summary[key] = {
      ...(declared[key] as unknown as PropertyMap),
      ...(hasImage(found, image) ? {} : { image: isSecret ? notAsDeclared : hide(found.image) }),
      ...(found.replicas === undefined || body.Mode.Replicated === undefined
        ? {}
        : { replicas: found.replicas }),
      ...(byHand.environment === undefined ? {} : { environment: byHand.environment.map(hide) }),
      ...(byHand.ports === undefined ? {} : { ports: portTexts(byHand.ports).map(hide) }),
      ...(byHand.constraints === undefined && byHand.settings === undefined
        ? {}
        : { settings: hide(settingsText(byHand)) }),
      ...(isOther ? { settings: notAsDeclared } : {}),
    };
  }
  // Of a run that failed or was killed, and whose files are declared no more.
  const declaredNames = plan.services.map(({ body }) => body.Name);
  for (const { name, labels } of services) {
    if (!isOurs(owner, labels) || declaredNames.includes(name)) continue;
    const prefix = scoped(plan.name, '');
    summary[name.startsWith(prefix) ? name.slice(prefix.length) : name] = {
      settings: 'declared nowhere',
    };
  }
  return Object.keys(summary).length === 0 ? undefined : { summary, present };
}

function settingsText({ constraints, settings = [] }: HandChanges): string {
  const placed =
    constraints === undefined
      ? []
      : [constraints.length === 0 ? 'no constraints' : `constraints ${constraints.join(' and ')}`];
  const others = settings.length === 0 ? [] : [`changed by hand: ${settings.join(', ')}`];
  return [...placed, ...others].join('; ');
}
