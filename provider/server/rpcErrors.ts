import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { ErrorResourceInitFailed } from '@pulumi/pulumi/proto/provider_pb';
import { Status } from '@pulumi/pulumi/proto/status_pb';
import { Any } from 'google-protobuf/google/protobuf/any_pb';
import type { Struct } from 'google-protobuf/google/protobuf/struct_pb';
import { errorMessage } from '../../core/errors';
import { withoutSecrets } from '../../core/redaction';

/** What a gRPC handler hands to its callback as an error. */
export type RpcError = Partial<StatusObject>;

/** The message alone: stacks go to the debug log only. */
export function rpcError(error: unknown): RpcError {
  return error instanceof InitFailure
    ? { code: status.UNKNOWN, details: error.message, metadata: error.metadata() }
    : { code: status.UNKNOWN, details: withoutSecrets(errorMessage(error)) };
}

/**
 * "Built but not ready". The engine saves the resource with what is known of it, fails the run with
 * the reasons, and calls Update in the next one. The details travel as a binary status in the
 * trailing metadata, which grpc-js leaves to us: `grpcResponseFromError` in the SDK's
 * provider/server.ts.
 */
export class InitFailure extends Error {
  override readonly name = 'InitFailure';

  private readonly reasons: readonly string[];

  constructor(
    private readonly saved: {
      readonly id: string;
      readonly properties: Struct;
      readonly inputs: Struct;
      readonly reasons: readonly string[];
      readonly refreshBeforeUpdate: boolean;
    },
  ) {
    const reasons = saved.reasons.map(withoutSecrets);
    super(reasons.join('; '));
    this.reasons = reasons;
  }

  metadata(): Metadata {
    const detail = new ErrorResourceInitFailed();
    detail.setId(this.saved.id);
    detail.setProperties(this.saved.properties);
    detail.setInputs(this.saved.inputs);
    detail.setReasonsList([...this.reasons]);
    detail.setRefreshBeforeUpdate(this.saved.refreshBeforeUpdate);
    const any = new Any();
    any.pack(detail.serializeBinary(), 'pulumirpc.ErrorResourceInitFailed');
    const whole = new Status();
    whole.setCode(status.UNKNOWN);
    whole.setMessage(this.message);
    whole.addDetails(any);
    const metadata = new Metadata();
    metadata.add('grpc-status-details-bin', Buffer.from(whole.serializeBinary()));
    return metadata;
  }
}
