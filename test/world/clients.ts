import type { RegisteredClient } from '#lambdas/clients/client.ts';
import type { ClientRegistry } from '#lambdas/clients/store.ts';

export interface MemoryClientRegister extends ClientRegistry {
  /** What is stored, by client id. */
  readonly stored: Map<string, RegisteredClient>;
  /** Runs once, between the next read and the write that follows from it. */
  beforeNextReplace(what: () => Promise<unknown>): void;
}

/** The clients in memory, with the conditions of the table. */
export function memoryClientRegister(): MemoryClientRegister {
  const stored = new Map<string, RegisteredClient>();
  let meanwhile: () => Promise<unknown> = async () => {};
  return {
    stored,
    beforeNextReplace: (what) => {
      meanwhile = what;
    },
    find: async (clientId) => stored.get(clientId) ?? null,
    list: async () => [...stored.values()],
    add: async (client) => {
      // The SDK repeats a write whose answer was lost: then what stands there is ours.
      if ((stored.get(client.clientId)?.revision ?? client.revision) !== client.revision) return false;
      stored.set(client.clientId, client);
      return true;
    },
    replace: async (client, seen) => {
      const others = meanwhile;
      meanwhile = async () => {};
      await others();
      const revision = stored.get(client.clientId)?.revision;
      if (revision !== seen && revision !== client.revision) return false;
      stored.set(client.clientId, client);
      return true;
    },
  };
}
