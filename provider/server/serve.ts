import { Server, ServerCredentials } from '@grpc/grpc-js';
import { ResourceProviderService } from '@pulumi/pulumi/proto/provider_grpc_pb';
import { errorMessage } from '../../core/errors';
import type { Effects } from '../../effects/effects';
import { createEngineLog, type EngineLog } from './engineLog';
import { openJournal } from './journal';
import { Lifecycle } from './lifecycle';
import { createProviderService } from './providerService';
import { Registrations } from './registrations';
import type { ProviderPackage } from './packageSchema';
import { keepHeapSmall } from './smallHeap';

/** What the provider offers, and the world that it works on. */
export interface Offer extends Pick<ProviderPackage, 'resources' | 'functions'> {
  readonly effects: Effects;
}

export interface ServeOptions extends Pick<ProviderPackage, 'name' | 'version'> {
  /**
   * Where the rest of the provider comes from, asked for once and only when it is needed. After a refresh the engine starts a
   * second process of it, which it asks for its name and little else.
   */
  readonly load: () => Promise<Offer>;
}

/** As in the SDK: a request carries whole inputs and states. */
const maxMessageBytes = 400 * 1024 * 1024;

/** Most that the last answers may take to go out; after an idle SIGINT nobody waits for one. */
const answerMs = 250;
/** Most that closing connections to hosts may take. The engine kills us 5 s after its SIGINT. */
const closeMs = 2000;

/**
 * Serves a provider for the life of this process: reads the engine's address from argv, listens on a
 * free port of 127.0.0.1 and prints it, as the engine expects. The process ends by itself: see
 * Lifecycle.
 */
export async function serve({ load, ...named }: ServeOptions): Promise<void> {
  let engineAddress = parseEngineAddress(process.argv.slice(2));
  const registrations = new Registrations();
  let isCancelled = false;
  const log = createEngineLog(() => engineAddress);
  const server = new Server({
    'grpc.max_receive_message_length': maxMessageBytes,
    // Figures about each call, which nobody can ask for here.
    'grpc.enable_channelz': 0,
  });
  let effects: Effects | undefined;
  const lifecycle = new Lifecycle(() => void exit(server, effects));
  watchProcess(lifecycle, log);
  server.addService(
    ResourceProviderService,
    createProviderService({
      ...{ version: named.version, log, lifecycle },
      begin: async () => {
        const offer = await load();
        ({ effects } = offer);
        return {
          provider: {
            ...named,
            functions: offer.functions,
            resources: offer.resources.map((resource) => registrations.noting(resource)),
          },
          host: {
            effects,
            log,
            journal: openJournal(process.env['SWARM_JOURNAL']),
            signal: lifecycle.signal,
            isProgramRun: () => !registrations.isEmpty,
            isRegistered: (token, which) => registrations.has(token, which),
            isCancelled: () => isCancelled,
            onChange: keepHeapSmall,
          },
        };
      },
      onCheck: (urn) => {
        registrations.add(urn);
      },
      onCancel: () => {
        isCancelled = true;
      },
      onEngine: (address) => {
        engineAddress = address === '' ? engineAddress : address;
      },
    }),
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) {
        resolve(bound);
      } else {
        reject(error);
      }
    });
  });
  process.stdout.write(`${port}\n`);
}

/**
 * The engine's address among the arguments. The CLI may put logging flags before it
 * (sdk/go/common/resource/plugin/plugin.go).
 */
export function parseEngineAddress(argv: readonly string[]): string | undefined {
  return argv.find(
    (argument, index) => !argument.startsWith('-') && argv[index - 1] !== '--tracing',
  );
}

function watchProcess(lifecycle: Lifecycle, log: EngineLog): void {
  process.on('SIGINT', () => {
    lifecycle.interrupt();
  });
  process.on('SIGTERM', () => {
    lifecycle.interrupt();
  });
  // The engine holds the other end of our stdin for as long as it lives.
  process.stdin.on('end', () => {
    lifecycle.lose();
  });
  process.stdin.on('error', () => {
    lifecycle.lose();
  });
  process.stdin.resume();
  // A CLI that was killed leaves broken pipes; writing to them must not stop the work in flight.
  process.stdout.on('error', () => undefined);
  process.stderr.on('error', () => undefined);
  // A fault outside of any operation must not kill those in flight: it is shown, and fails the run.
  const show = (error: unknown): void => {
    log.write({ severity: 'error', message: errorMessage(error), urn: '' });
    if (error instanceof Error) {
      log.write({ severity: 'debug', message: error.stack ?? error.message, urn: '' });
    }
  };
  process.on('uncaughtException', show);
  process.on('unhandledRejection', show);
}

async function exit(server: Server, effects: Effects | undefined): Promise<void> {
  const answered = new Promise<void>((resolve) => {
    server.tryShutdown(() => {
      resolve();
    });
  });
  await Promise.allSettled([atMost(answerMs, answered), atMost(closeMs, effects?.hosts.close())]);
  process.exit(0);
}

function atMost(milliseconds: number, promise: Promise<void> | undefined): Promise<void> {
  return Promise.race([
    promise,
    new Promise<void>((resolve) => {
      setTimeout(resolve, milliseconds);
    }),
  ]);
}
