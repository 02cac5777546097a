// The lab of a command: on a store, with a server that is closed when the command is done, and with work that its interrupt cancels.
import { LocalLab } from '../src/lab/lab.ts';
import type { Lab } from '../src/lab/state/labState.ts';
import type { Store } from '../src/storage/store.ts';
import { softwareVersion } from '../src/util/wording.ts';
import type { ServerClient } from '../src/wire/trainingProtocol.ts';
import { requestFile } from '../workers/publicFiles.ts';
import type { CommandSurroundings, MachinePart } from './commandEnd.ts';

/** All of the machine, as it is chosen by itself. */
export const WHOLE_MACHINE: MachinePart = { threads: null, adapter: null };

export interface CommandLab {
  readonly lab: LocalLab;
  /** The server, another one after the first was lost. */
  readonly client: () => ServerClient;
  /** Closes the server. */
  readonly close: () => void;
}

/** Makes the lab of a command, and starts its server, which `follow` gets. */
export function commandLab(
  store: Store,
  { openServer }: Pick<CommandSurroundings, 'openServer'>,
  part: MachinePart = WHOLE_MACHINE,
  follow: (client: ServerClient) => void = () => undefined,
): CommandLab {
  let client: ServerClient;
  const lab = new LocalLab({
    store,
    openServer: () => {
      client = openServer(store, part);
      follow(client);
      return client;
    },
    fetchBuiltIn: null,
    requestFile,
    software: softwareVersion,
  });
  return { lab, client: () => client, close: () => client.close() };
}

/** Does work of which the interrupt cancels the lab's jobs; what was cancelled says so in its outcome. */
export async function cancelledBy<Outcome>(
  interrupt: AbortSignal,
  lab: Lab,
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  const cancel = (): void => lab.getState().jobs.forEach(({ id }) => lab.cancelJob(id));
  interrupt.addEventListener('abort', cancel, { once: true });
  try {
    return await work();
  } finally {
    interrupt.removeEventListener('abort', cancel);
  }
}
