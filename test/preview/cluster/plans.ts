import type { PlannedStep } from '../../../scenarios/pulumi/engineEvents';
import type { Run } from '../harness';

/** The plan's steps as the provider would be called, without images of machines. */
export function planned(steps: readonly PlannedStep[]): readonly string[] {
  const verbs: Readonly<Record<string, string>> = {
    'create-replacement': 'create',
    'delete-replaced': 'delete',
    create: 'create',
    update: 'update',
    delete: 'delete',
  };
  return steps.flatMap(({ op, type, name }) => {
    const verb = verbs[op];
    return verb === undefined || type === 'NodeImage' ? [] : [`${verb} ${type} ${name}`];
  });
}

/** `changeSummary` of `pulumi preview --json`. */
export function summaryOf(run: Run): unknown {
  const text = run.output.slice(run.output.indexOf('{'), run.output.lastIndexOf('}') + 1);
  return (JSON.parse(text) as { changeSummary: unknown }).changeSummary;
}
