import { z } from 'zod';
import type { IngressFacts, NetworkFacts, OverlayNetworkFacts } from '../../core/facts';
import { DockerApiError } from '../docker';
import { anyNetworkAnswer, networkAnswer, networkEndpointsAnswer } from './answers';
import type { EngineClient } from './engineClient';

/** The Engine's own endpoint on the ingress network (moby `daemon.setupIngress`, libnetwork `sandbox.go`). */
const ingressSandbox = 'ingress-sbox';

export function gatherOverlayNetworks(
  client: EngineClient,
): Promise<readonly OverlayNetworkFacts[]> {
  return client.get(z.array(networkAnswer), '/networks', {
    query: { filters: JSON.stringify({ driver: ['overlay'] }) },
  });
}

export function gatherNetworks(client: EngineClient): Promise<readonly NetworkFacts[]> {
  return client.get(z.array(anyNetworkAnswer), '/networks');
}

/** The ingress network may have another name than `ingress`: a user may have made it again. */
export async function gatherIngress(client: EngineClient): Promise<IngressFacts | undefined> {
  const found = (await gatherOverlayNetworks(client)).find(({ isIngress }) => isIngress);
  if (found === undefined) {
    return undefined;
  }
  try {
    const { Containers, Peers } = await client.get(networkEndpointsAnswer, `/networks/${found.id}`);
    const address = Containers?.[ingressSandbox]?.IPv4Address.replace(/\/.*$/, '') ?? '';
    return {
      id: found.id,
      address: address === '' ? undefined : address,
      peers: (Peers ?? []).map(({ IP }) => IP),
    };
  } catch (error) {
    if (error instanceof DockerApiError && error.statusCode === 404) {
      return undefined;
    }
    throw error;
  }
}
