import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PublishedPort, ServiceSpec } from '../../core/service';
import { serviceBody } from '../../effects/engine/serviceBody';
import { pauseService } from './contractSteps';

const web: PublishedPort = { target: 80, published: 8080, protocol: 'tcp', mode: 'host' };
const dns: PublishedPort = { target: 53, published: 53, protocol: 'udp', mode: 'ingress' };
const spec: ServiceSpec = { ...pauseService({ replicas: 1 }), ports: [web, dns] };

/** As the Engine tells it, with the defaults that it leaves out filled in. */
const port = ({ target, published, protocol, mode }: PublishedPort) => ({
  Protocol: protocol,
  TargetPort: target,
  PublishedPort: published,
  PublishMode: mode,
});

function counter(
  wanted: ServiceSpec,
  endpoint: { Mode: string; Ports?: ReturnType<typeof port>[] | null } | null | undefined,
): unknown {
  const { TaskTemplate } = serviceBody(wanted, {
    TaskTemplate: { ForceUpdate: 3 },
    EndpointSpec: endpoint,
  }) as { TaskTemplate: { ForceUpdate: number } };
  return TaskTemplate.ForceUpdate;
}

test('an update forces new tasks only where the endpoint is another', () => {
  const same = { Mode: 'dnsrr', Ports: [port(dns), port(web)] };
  assert.equal(counter(spec, same), 3, 'the order of ports means nothing');
  assert.equal(counter(spec, { ...same, Mode: 'vip' }), 4);
  assert.equal(counter(spec, { ...same, Ports: [port(web)] }), 4);
  assert.equal(counter(spec, { ...same, Ports: [port(dns), port({ ...web, published: 81 })] }), 4);
  assert.equal(counter(spec, { Mode: 'dnsrr', Ports: null }), 4);
  assert.equal(counter({ ...spec, ports: [], endpointMode: 'vip' }, undefined), 3);
});

test('a service that is new begins at 0', () => {
  assert.deepEqual(serviceBody(spec)['TaskTemplate'], {
    ContainerSpec: { Image: spec.image, Args: [], Env: [], StopGracePeriod: 1e9 },
    Placement: { Constraints: [] },
    ForceUpdate: 0,
  });
});
