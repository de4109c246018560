import { placesOf, portFaults, type DeclaredPlace } from './placementFaults';
import type { StackPlan } from './stackPlan';

/**
 * What stacks that one run brings to a swarm want of the same ports, as sentences about the first: a port of the routing
 * mesh that two publish, and ports of the nodes for more tasks than there are nodes. Neither is in the swarm yet, which
 * would refuse the second when the first is there.
 *
 * @param nodes the declared ones; undefined: ports of the nodes are not looked at.
 */
export function neighbourFaults(
  plan: StackPlan,
  neighbours: readonly StackPlan[],
  nodes: readonly DeclaredPlace[] | undefined,
): readonly string[] {
  const others = neighbours.flatMap(({ services }) => services);
  const meshed = plan.services.flatMap(({ key, body }) =>
    body.EndpointSpec.Ports.filter(
      ({ PublishMode, PublishedPort }) => PublishMode === 'ingress' && PublishedPort !== 0,
    ).flatMap(({ PublishedPort, Protocol }) => {
      const other = others.find(({ body: { EndpointSpec } }) =>
        EndpointSpec.Ports.some(
          (port) =>
            port.PublishMode === 'ingress' &&
            port.PublishedPort === PublishedPort &&
            port.Protocol === Protocol,
        ),
      );
      return other === undefined
        ? []
        : [
            `services.${key} publishes ${String(PublishedPort)}/${Protocol} by the routing mesh, as the service ${other.body.Name} does, which is declared beside it; give one of them another port`,
          ];
    }),
  );
  if (nodes === undefined) return meshed;
  const own = new Set(plan.services.map(({ body }) => body.Name));
  const all = [plan, ...neighbours].flatMap((each) => placesOf(each, nodes));
  const nameOf = ({ body }: StackPlan['services'][number]): string => body.Name;
  return [
    ...meshed,
    ...portFaults(all, nameOf, (users) => {
      const ours = users.filter(({ service }) => own.has(service.body.Name)).length;
      return ours > 0 && ours < users.length;
    }),
  ];
}
