// A connection between two threads as types: calls that answer once, events on the way, and the wire that carries them.
import type { LabErrorData } from '../util/labError.ts';

/** Calls that one thread takes from another, as a table of functions of one argument each: `interface Calls { name(argument): answer }`. */
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

/** Two ends of a channel: a Worker in the tab, a MessageChannel in Node. */
export interface Wire<Out, In> {
  post(message: Out, transfer?: readonly ArrayBuffer[]): void;
  listen(handler: (message: In) => void): void;
  /** Calls `handler` once, with the reason in words, when the other end can no longer answer (crashed, closed, unreadable message). */
  onLost(handler: (reason: string) => void): void;
  close(): void;
}

/** The asking end: every call as a promise, and the events. */
export interface Client<Calls, Event> {
  /** Rejects with the server's LabError, or `worker/lost` when no answer can come. `transfer` names the buffers given away. */
  call<Name extends CallName<Calls>>(
    name: Name,
    argument: ArgumentOf<Calls, Name>,
    transfer?: readonly ArrayBuffer[],
  ): Promise<AnswerOf<Calls, Name>>;
  /** Calls `listener` for every event; answers with the way to stop that. */
  onEvent(listener: (event: Event) => void): () => void;
  close(): void;
}
