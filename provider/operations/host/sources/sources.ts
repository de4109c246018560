import type { EngineSourceSpec } from '../../../../core/engineSource';
import { distribution } from './distribution';
import { dockerRepository } from './dockerRepository';
import type { EngineSource, SourceContext } from './engineSource';
import { packageDirectory } from './packageDirectory';
import { preinstalled } from './preinstalled';
import { staticBuild } from './staticBuild';

/** The source of a node's engine. */
export function engineSource(context: SourceContext): EngineSource {
  const { spec } = context;
  switch (spec.kind) {
    case 'distribution':
      return distribution({ ...context, spec });
    case 'docker':
      return dockerRepository({ ...context, spec });
    case 'packages':
      return packageDirectory({ ...context, spec });
    case 'static':
      return staticBuild({ ...context, spec });
    case 'preinstalled':
      return preinstalled({ ...context, spec });
  }
}

/** What a source of this kind may have left on a host, whatever else it was told. */
export function formerSource(
  context: Omit<SourceContext, 'spec'>,
  kind: string,
): EngineSource | undefined {
  const formers: Readonly<Record<EngineSourceSpec['kind'], () => EngineSource>> = {
    distribution: () => distribution({ ...context, spec: { kind: 'distribution' } }),
    docker: () => dockerRepository({ ...context, spec: { kind: 'docker' } }),
    packages: () => packageDirectory({ ...context, spec: { kind: 'packages', directory: '' } }),
    static: () => staticBuild({ ...context, spec: { kind: 'static', sha256: '' } }),
    preinstalled: () => preinstalled({ ...context, spec: { kind: 'preinstalled' } }),
  };
  return Object.hasOwn(formers, kind) ? formers[kind as EngineSourceSpec['kind']]() : undefined;
}
