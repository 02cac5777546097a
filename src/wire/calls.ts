// Declares typed calls between two threads: calls answered once, events, and the wire that carries them.
import type { LabErrorData } from '../util/labError.ts';

/** Names of the calls that one thread serves, declared as functions of one argument: `interface Calls { name(argument): answer }`. */
export type CallName<Calls> = keyof Calls & string;

export type ArgumentOf<Calls, Name extends CallName<Calls>> = Calls[Name] extends (argument: infer Argument) => unknown
  ? Argument
  : never;

export type AnswerOf<Calls, Name extends CallName<Calls>> = Calls[Name] extends (argument: never) => infer Answer
  ? Answer
  : never;

export type CallMessage<Calls> = {
  [Name in CallName<Calls>]: {
    readonly kind: 'call';
    readonly id: number;
    readonly name: Name;
    readonly argument: ArgumentOf<Calls, Name>;
  };
}[CallName<Calls>];

export type AnswerMessage<Event> =
  | { readonly kind: 'reply'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly error: LabErrorData }
  | { readonly kind: 'event'; readonly event: Event };

/** One end of a channel: a Worker in the tab, a MessageChannel in Node. */
export interface Wire<Out, In> {
  post(message: Out, transfer?: readonly Transferable[]): void;
  listen(handler: (message: In) => void): void;
  /** Calls `handler` once, with a readable reason, when the other end can no longer answer (crashed, closed, unreadable message). */
  onLost(handler: (reason: string) => void): void;
  close(): void;
}

/** The client's end: every call as a promise, and the events. */
export interface Client<Calls, Event> {
  /** Rejects with the server's LabError, or `worker/lost` when no answer can come. `transfer` lists the buffers to transfer. */
  call<Name extends CallName<Calls>>(
    name: Name,
    argument: ArgumentOf<Calls, Name>,
    transfer?: readonly Transferable[],
  ): Promise<AnswerOf<Calls, Name>>;
  /** Calls `listener` for every event; returns the function that unsubscribes it. */
  onEvent(listener: (event: Event) => void): () => void;
  close(): void;
}
