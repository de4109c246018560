import { isHostname, isIpAddress } from '../../core/addresses';
import type { InputFailure } from '../../core/errors';
import { quoted } from '../../core/quoted';
import { textFault } from '../../core/textFault';
import { isVipName } from '../../core/vrrpFaults';
import { isMap } from '../server/propertyValues';
import type { PropertyValue } from '../server/resource';

/**
 * Names and addresses of the declared managers: they go into labels that commas separate, into argv and
 * into requests. What is no text, or not known yet, is nobody's fault here.
 */
export function contactFaults(managers: PropertyValue | undefined): readonly InputFailure[] {
  return items(managers).flatMap((manager, index) => {
    const { name, address } = isMap(manager) ? manager : {};
    const path = `managers[${String(index)}]`;
    return [
      ...textFault(`${path}.name`, name, isHostname, 'is no host name'),
      ...textFault(`${path}.address`, address, isIpAddress, 'is no IP address'),
    ];
  });
}

/** Names that Swarm writes to its labels as one text: a comma in one of them would make two. */
export function declaredFaults(declared: PropertyValue | undefined): readonly InputFailure[] {
  if (!isMap(declared)) return [];
  const { managers, workers, renamed, localData, vips } = declared;
  return [
    ...namesFaults('declared.managers', managers, isHostname, 'is no host name'),
    ...namesFaults('declared.workers', workers, isHostname, 'is no host name'),
    ...namesFaults('declared.vips', vips, isVipName, 'is no name for keepalived'),
    ...mapFaults('declared.renamed', renamed, isHostname, 'is no host name'),
    ...mapFaults(
      'declared.localData',
      localData,
      (text) => text === 'keep' || text === 'discard',
      'is none of keep, discard',
    ),
  ];
}

function namesFaults(
  path: string,
  names: PropertyValue | undefined,
  isValid: (text: string) => boolean,
  reason: string,
): readonly InputFailure[] {
  return items(names).flatMap((name, index) =>
    textFault(`${path}[${String(index)}]`, name, isValid, reason),
  );
}

function mapFaults(
  path: string,
  map: PropertyValue | undefined,
  isValid: (text: string) => boolean,
  reason: string,
): readonly InputFailure[] {
  return Object.entries(isMap(map) ? map : {}).flatMap(([name, value]) => [
    ...textFault(`${path}[${quoted(name)}]`, name, isHostname, 'is no host name'),
    ...textFault(`${path}[${quoted(name)}]`, value, isValid, reason),
  ]);
}

/** Name of a lab or of its machine, as the lab takes it into paths and names of links. */
export function labNameFaults(
  property: string,
  value: PropertyValue | undefined,
): readonly InputFailure[] {
  return textFault(
    property,
    value,
    (text) => isHostname(text) && text === text.toLowerCase(),
    'is no host name of lower-case letters, digits and hyphens',
  );
}

function items(value: PropertyValue | undefined): readonly PropertyValue[] {
  return Array.isArray(value) ? (value as readonly PropertyValue[]) : [];
}
