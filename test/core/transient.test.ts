import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SwarmError } from '../../core/errors';
import { isTransient } from '../../core/transient';
import { forHostileTexts } from './support/hostileText';

describe('isTransient', () => {
  const notNow: readonly string[] = [
    'rpc error: code = Aborted desc = node lost leader status',
    "The swarm does not have a leader. It's possible that too few managers are online.",
    'This node is not a swarm manager. Manager is being prepared or has trouble connecting to the cluster.',
    'rpc error: code = Unknown desc = update out of sequence',
    'rpc error: code = DeadlineExceeded desc = context deadline exceeded',
    'context deadline exceeded',
    'rpc error: code = Unavailable desc = all SubConns are in TransientFailure',
    'dial tcp 10.88.0.11:2377: connect: connection refused',
    'read tcp 10.88.0.11:2377: connection reset by peer',
    'exceeded rate limit count of registrations',
    'rpc error: code = Internal desc = transport is closing',
    'rpc error: code = Canceled desc = grpc: the client connection is closing',
    'raft: raft processing is stopped',
    'raft: proposal dropped',
  ];
  for (const message of notNow) {
    it(`is "not now": ${message}`, () => {
      assert.ok(isTransient(new Error(message)));
    });
  }

  const no: readonly string[] = [
    "can't remove member from the raft: this would result in a loss of quorum",
    'attempting to demote the last manager of the swarm',
    "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state.",
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
    'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join another one.',
    'rpc error: code = InvalidArgument desc = A valid join token is necessary to join this cluster',
    'rpc error: code = PermissionDenied desc = certificate signed by unknown authority',
    "node x is not down and can't be removed",
    'Error response from daemon: rpc error: code = NotFound desc = node x not found',
    '',
  ];
  for (const message of no) {
    it(`is "no": ${message === '' ? 'an error without words' : message}`, () => {
      assert.ok(!isTransient(new Error(message)));
    });
  }

  for (const code of ['EngineUnreachable', 'HostUnreachable', 'CommandTimedOut']) {
    it(`is "not now" by its code: ${code}`, () => {
      assert.ok(isTransient(new SwarmError(code, 'm1: silent')));
    });
  }

  it('is "no" for other codes, and for what is no error', () => {
    assert.ok(!isTransient(new SwarmError('HostKeyChanged', 'm1: another key')));
    for (const thrown of ['connection refused', undefined, null, { code: 'HostUnreachable' }, 7]) {
      assert.ok(!isTransient(thrown));
    }
  });

  it('judges any message in time that grows with its length only', () => {
    forHostileTexts((text) => {
      assert.equal(typeof isTransient(new Error(text)), 'boolean');
    });
  });
});
