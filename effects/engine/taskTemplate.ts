import { z } from 'zod';
import { stackTaskLabel } from '../../core/labels';

/** The part of a task's container that this package sets. */
export const containerSpec = z.looseObject({
  Image: z.string().optional(),
  Args: z.array(z.string()).nullish(),
  Env: z.array(z.string()).nullish(),
  StopGracePeriod: z.number().nullish(),
  Labels: z.record(z.string(), z.string()).nullish(),
  Mounts: z
    .array(z.looseObject({ Type: z.string().default(''), Source: z.string().default('') }))
    .nullish(),
});

interface TaskTemplate {
  readonly ContainerSpec?: z.infer<typeof containerSpec> | null | undefined;
  readonly ForceUpdate?: number | undefined;
}

/**
 * What a task is made from besides image and placement, as text: equal in a service and in the tasks
 * that were made from it as it is. Only what this package sets: the Engine fills in defaults, and not
 * the same ones in both places (20.10 to 26.1 tell the runtime of a service, and not of a task).
 */
export function templateText(template: TaskTemplate | null | undefined): string | undefined {
  const container = template?.ContainerSpec;
  if (container === undefined || container === null) {
    return undefined;
  }
  const { Args, Env, StopGracePeriod, Labels } = container;
  // What a stack's service is made from stands in a digest: it may be anything that the Engine knows.
  const digest = Labels?.[stackTaskLabel];
  return JSON.stringify([
    Args ?? [],
    Env ?? [],
    StopGracePeriod ?? 0,
    template?.ForceUpdate ?? 0,
    ...(digest === undefined ? [] : [digest]),
  ]);
}
