// Proves that calls, failures, events and lost connections cross a real MessageChannel as specified.
import { afterEach, describe, expect, it } from 'vitest';
import { LabError } from '../../../src/util/labError.ts';
import { connect, portWire, serve, type Handlers } from '../../../src/wire/port.ts';
import type { RunEvent, ServerCalls, ServerClient } from '../../../src/wire/trainingProtocol.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Rejects calls that a test does not expect. */
function handlersWith(part: Partial<Handlers<ServerCalls>>): Handlers<ServerCalls> {
  const unexpected = (): never => {
    throw new LabError('test/unexpected', 'This call was not expected.');
  };
  return {
    start: unexpected,
    settingsChanged: unexpected,
    predictTimes: unexpected,
    importModel: unexpected,
    makeBaseline: unexpected,
    describeEncoder: unexpected,
    estimateMemory: unexpected,
    measureStep: unexpected,
    exportTagger: unexpected,
    exportedBytes: unexpected,
    closeExport: unexpected,
    predict: unexpected,
    keepPredictions: unexpected,
    measureGradients: unexpected,
    tag: unexpected,
    train: unexpected,
    trainTo: unexpected,
    interrupt: unexpected,
    removeRun: unexpected,
    resetDamagedRun: unexpected,
    ...part,
  };
}

function pair(handlers: Handlers<ServerCalls>): {
  client: ServerClient;
  emit: (event: RunEvent) => void;
  crash: () => void;
} {
  const channel = new MessageChannel();
  const client = connect<ServerCalls, RunEvent>(portWire(channel.port1));
  const server = serve<ServerCalls, RunEvent>(portWire(channel.port2), handlers);
  closers.push(() => client.close());
  return { client, emit: server.emit, crash: server.close };
}

function checkpoint(step: number): RunEvent {
  return { kind: 'checkpoint', runId: 'r', step, sizeBytes: 8 };
}

describe('a connection', () => {
  it('matches replies to calls in any order', async () => {
    const releases = new Map<string, () => void>();
    const order: string[] = [];
    const { client } = pair(
      handlersWith({ removeRun: (runId) => new Promise((resolve) => releases.set(runId, resolve)) }),
    );
    const first = client.call('removeRun', 'first').then(() => order.push('first'));
    const second = client.call('removeRun', 'second').then(() => order.push('second'));
    await expect.poll(() => releases.size).toBe(2);
    releases.get('second')?.();
    await second;
    releases.get('first')?.();
    await first;
    expect(order).toEqual(['second', 'first']);
  });

  it('carries a LabError intact, and codes any other error `internal`', async () => {
    const { client } = pair(
      handlersWith({
        interrupt: () => {
          throw new LabError('model/shape', 'Wrong shape.', { expected: '[2, 3]', got: '[3, 2]' });
        },
        removeRun: () => Promise.reject(new TypeError('x is undefined')),
      }),
    );
    await expect(client.call('interrupt', { runId: 'r', how: 'pause' })).rejects.toMatchObject({
      name: 'LabError',
      code: 'model/shape',
      expected: '[2, 3]',
      got: '[3, 2]',
    });
    await expect(client.call('removeRun', 'r')).rejects.toMatchObject({ code: 'internal', message: 'x is undefined' });
  });

  it('gives every listener the events in order, until it unsubscribes', async () => {
    const { client, emit } = pair(handlersWith({}));
    const seen: RunEvent[] = [];
    const alsoSeen: RunEvent[] = [];
    client.onEvent((event) => alsoSeen.push(event));
    const leave = client.onEvent((event) => seen.push(event));
    emit(checkpoint(1));
    emit(checkpoint(2));
    await expect.poll(() => alsoSeen.length).toBe(2);
    leave();
    emit(checkpoint(3));
    await expect.poll(() => alsoSeen.length).toBe(3);
    expect(seen).toEqual([checkpoint(1), checkpoint(2)]);
  });

  it('transfers buffers and receives them intact on the other side', async () => {
    let received: Uint8Array | undefined;
    const { client } = pair(
      handlersWith({
        importModel: ({ files }) => {
          received = files[0]?.bytes;
          throw new LabError('test/done', 'Seen.');
        },
      }),
    );
    const bytes = new Uint8Array([1, 2, 3]);
    const model = { name: 'm', builtIn: false, files: [{ name: 'config.json', bytes }] };
    await expect(client.call('importModel', model, [bytes.buffer])).rejects.toMatchObject({ code: 'test/done' });
    expect(received).toEqual(new Uint8Array([1, 2, 3]));
    expect(bytes.byteLength).toBe(0);
  });

  it('rejects a call that cannot be sent and stays usable', async () => {
    const { client } = pair(handlersWith({ removeRun: () => undefined }));
    const unsendable = (() => undefined) as unknown as string;
    await expect(client.call('removeRun', unsendable)).rejects.toMatchObject({ code: 'worker/message' });
    await expect(client.call('removeRun', 'r')).resolves.toBeUndefined();
  });

  it('answers an unknown call with a failure', async () => {
    const { client } = pair(handlersWith({}));
    const call = client.call as (name: string, argument: unknown) => Promise<unknown>;
    await expect(call('toString', null)).rejects.toMatchObject({ code: 'worker/call', got: 'toString' });
  });
});

describe('a lost connection', () => {
  it('rejects pending and later calls when the server goes away', async () => {
    const { client, crash } = pair(handlersWith({ removeRun: () => new Promise(() => undefined) }));
    const pending = client.call('removeRun', 'r');
    crash();
    await expect(pending).rejects.toMatchObject({ code: 'worker/lost' });
    await expect(client.call('removeRun', 'r')).rejects.toMatchObject({ code: 'worker/lost' });
  });

  it('rejects pending calls when the lab closes it', async () => {
    const { client } = pair(handlersWith({ removeRun: () => new Promise(() => undefined) }));
    const pending = client.call('removeRun', 'r');
    client.close();
    await expect(pending).rejects.toMatchObject({ code: 'worker/lost' });
  });
});
