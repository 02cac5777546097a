// Typed calls, replies and events over a Wire: `connect` is the lab's end, `serve` the training server's.
import { LabError } from '../src/util/labError.ts';
import type { CallName, FromServer, RunEvent, ServerCalls, ServerClient, ToServer, Wire } from './protocol.ts';

type Answer<Name extends CallName> = ReturnType<ServerCalls[Name]>;

/** What a server implements: each call of the protocol, answering at once or later; a throw becomes the caller's LabError. */
export type ServerHandlers = {
  readonly [Name in CallName]: (argument: Parameters<ServerCalls[Name]>[0]) => Answer<Name> | Promise<Answer<Name>>;
};

/** The server's end once it serves. */
export interface ServerPort {
  emit(event: RunEvent): void;
  close(): void;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: LabError) => void;
}

/**
 * The lab's end of a wire. Calls may overlap and may be answered in any order.
 * When the wire is lost or closed, pending and later calls reject with LabError `worker/lost`.
 */
export function connect(wire: Wire<ToServer, FromServer>): ServerClient {
  const pending = new Map<number, Pending>();
  const listeners = new Set<(event: RunEvent) => void>();
  let lastId = 0;
  let lostReason: string | null = null;

  function lose(reason: string): void {
    lostReason ??= reason;
    for (const { reject } of pending.values()) reject(lostError(lostReason));
    pending.clear();
  }

  wire.onLost(lose);
  wire.listen((message) => {
    if (message.kind === 'event') {
      for (const listener of listeners) listener(message.event);
      return;
    }
    const call = pending.get(message.id);
    pending.delete(message.id);
    if (message.kind === 'reply') call?.resolve(message.value);
    else call?.reject(LabError.fromData(message.error));
  });

  return {
    call<Name extends CallName>(
      name: Name,
      argument: Parameters<ServerCalls[Name]>[0],
      transfer: readonly ArrayBuffer[] = [],
    ): Promise<Answer<Name>> {
      return new Promise<Answer<Name>>((resolve, reject) => {
        if (lostReason !== null) {
          reject(lostError(lostReason));
          return;
        }
        const id = ++lastId;
        // The parse edge of the wire: the server is typed by the same table, so the reply to `name` is an Answer<Name>.
        pending.set(id, { resolve: (value) => resolve(value as Answer<Name>), reject });
        try {
          wire.post({ kind: 'call', id, name, argument } as ToServer, transfer);
        } catch (cause) {
          pending.delete(id);
          reject(new LabError('worker/message', `The call ${name} cannot be sent: ${textOf(cause)}`, { cause }));
        }
      });
    },
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      wire.close();
      lose('the lab closed the connection');
    },
  };
}

/**
 * Answers the calls that come over a wire with `handlers`; calls overlap, so `interrupt` is handled while `train` is under way.
 * The answer is the way to send events: `const port = serve(wire, handlers); port.emit(event)`.
 * Handlers may use `port` freely, because none is called before the current turn of the event loop ends.
 */
export function serve(wire: Wire<FromServer, ToServer>, handlers: ServerHandlers): ServerPort {
  async function answer({ id, name, argument }: ToServer): Promise<void> {
    try {
      if (!Object.hasOwn(handlers, name)) {
        throw new LabError('worker/call', 'The training server does not know this call.', {
          expected: Object.keys(handlers).join(', '),
          got: name,
        });
      }
      const handler = handlers[name] as (argument: unknown) => unknown;
      wire.post({ kind: 'reply', id, value: await handler(argument) });
    } catch (error) {
      wire.post({ kind: 'failure', id, error: LabError.toData(error) });
    }
  }

  wire.listen((message) => void answer(message));
  return {
    emit: (event) => wire.post({ kind: 'event', event }),
    close: () => wire.close(),
  };
}

function lostError(reason: string): LabError {
  return new LabError('worker/lost', `The training worker does not answer: ${reason}.`);
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
