// Sends typed calls, replies and events over a Wire: `connect` is the client's end, `serve` the server's.
import { LabError } from '../util/labError.ts';
import type { AnswerMessage, AnswerOf, ArgumentOf, CallMessage, CallName, Client, Wire } from './calls.ts';

/** A server's implementation of each call, synchronous or not; a throw rejects the call with a LabError. */
export type Handlers<Calls> = {
  readonly [Name in CallName<Calls>]: (
    argument: ArgumentOf<Calls, Name>,
  ) => AnswerOf<Calls, Name> | Promise<AnswerOf<Calls, Name>>;
};

/** The server's end of a wire. */
export interface ServerPort<Event> {
  emit(event: Event): void;
  close(): void;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: LabError) => void;
}

/**
 * Opens the client's end of a wire. Calls may overlap and be answered in any order.
 * When the wire is lost or closed, pending and later calls reject with LabError `worker/lost`.
 */
export function connect<Calls, Event>(wire: Wire<CallMessage<Calls>, AnswerMessage<Event>>): Client<Calls, Event> {
  const pending = new Map<number, Pending>();
  const listeners = new Set<(event: Event) => void>();
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
    call<Name extends CallName<Calls>>(
      name: Name,
      argument: ArgumentOf<Calls, Name>,
      transfer: readonly ArrayBuffer[] = [],
    ): Promise<AnswerOf<Calls, Name>> {
      return new Promise<AnswerOf<Calls, Name>>((resolve, reject) => {
        if (lostReason !== null) {
          reject(lostError(lostReason));
          return;
        }
        const id = ++lastId;
        // Unchecked cast: the server is typed by the same table, so the reply to `name` is its answer.
        pending.set(id, { resolve: (value) => resolve(value as AnswerOf<Calls, Name>), reject });
        try {
          wire.post({ kind: 'call', id, name, argument } as CallMessage<Calls>, transfer);
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
      lose('the connection was closed');
    },
  };
}

/**
 * Answers calls over a wire with `handlers`; calls overlap, so `interrupt` is handled while `train` is in progress.
 * The returned port sends events: `const port = serve(wire, handlers); port.emit(event)`.
 * Handlers may use `port` freely, because none is called before the current turn of the event loop ends.
 */
export function serve<Calls, Event>(
  wire: Wire<AnswerMessage<Event>, CallMessage<Calls>>,
  handlers: Handlers<Calls>,
): ServerPort<Event> {
  async function answer({ id, name, argument }: CallMessage<Calls>): Promise<void> {
    try {
      if (!Object.hasOwn(handlers, name)) {
        throw new LabError('worker/call', 'The worker does not know this call.', {
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
  return new LabError('worker/lost', `The worker no longer responds: ${reason}.`);
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
