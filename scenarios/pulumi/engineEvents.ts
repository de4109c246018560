/** The parts of the CLI's event log (apitype.EngineEvent) that tests look at. */
export interface EngineEvent {
  readonly resourcePreEvent?: { readonly metadata: StepMetadata };
  readonly diagnosticEvent?: {
    readonly message: string;
    readonly urn?: string;
    readonly severity: string;
    readonly ephemeral?: boolean;
  };
}

interface StepMetadata {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly detailedDiff?: Readonly<Record<string, { readonly diffKind: string }>> | null;
}

/** One step of the engine, e.g. `delete-replaced Machine n1`. */
export interface PlannedStep {
  readonly op: string;
  readonly urn: string;
  /** Last part of the type, e.g. `Machine`. */
  readonly type: string;
  readonly name: string;
  /** Changed paths with the kind of their change, e.g. `{os: 'update-replace'}`. */
  readonly diff: Readonly<Record<string, string>>;
}

export function parseEvents(events: readonly EngineEvent[]): {
  readonly steps: readonly PlannedStep[];
  readonly diagnostics: readonly string[];
  readonly statuses: readonly string[];
} {
  return {
    steps: events.flatMap(({ resourcePreEvent }) =>
      resourcePreEvent === undefined || resourcePreEvent.metadata.type.startsWith('pulumi:')
        ? []
        : [plannedStep(resourcePreEvent.metadata)],
    ),
    diagnostics: messages(events, false),
    statuses: messages(events, true),
  };
}

function messages(events: readonly EngineEvent[], isEphemeral: boolean): readonly string[] {
  return events.flatMap(({ diagnosticEvent }) =>
    diagnosticEvent === undefined ||
    (diagnosticEvent.ephemeral === true) !== isEphemeral ||
    diagnosticEvent.severity === 'debug'
      ? []
      : [plainText(diagnosticEvent.message)],
  );
}

function plannedStep(metadata: StepMetadata): PlannedStep {
  return {
    op: metadata.op,
    urn: metadata.urn,
    type: metadata.type.split(':').at(-1) ?? metadata.type,
    name: metadata.urn.split('::').at(-1) ?? metadata.urn,
    diff: Object.fromEntries(
      Object.entries(metadata.detailedDiff ?? {}).map(([path, { diffKind }]) => [path, diffKind]),
    ),
  };
}

/** Without the engine's colour marks. */
function plainText(message: string): string {
  return message.replace(/<\{%[^%]*%\}>/g, '').trim();
}
