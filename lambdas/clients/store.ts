import type { Client, ClientSecret, RegisteredClient } from './client.ts';

/** The API's clients, for authentication. */
export interface ClientStore {
  /** Strongly consistent. */
  find(clientId: string): Promise<Client | null>;
}

/** The API's clients, for operators. Every change is one conditional write of one client. */
export interface ClientRegistry extends ClientStore {
  find(clientId: string): Promise<RegisteredClient | null>;
  /** Every client, in any order. */
  list(): Promise<readonly RegisteredClient[]>;
  /** Writes a new client, and its organisation if that is new. False: the id is taken. */
  add(client: RegisteredClient): Promise<boolean>;
  /** Writes a client if the stored revision is `seen`. False: somebody else wrote first. */
  replace(client: RegisteredClient, seen: string): Promise<boolean>;
}

/** Generates clients' secrets. */
export interface ClientSecrets {
  /** A new secret, and what is stored of it. */
  issue(): { readonly secret: string; readonly stored: ClientSecret };
}

/** The organisations, each of which has or had a client. */
export interface OrganisationStore {
  exists(organisationId: string): Promise<boolean>;
}

/** How often there were calls of one kind, in fixed windows. */
export interface CallCounter {
  /**
   * Counts a call in the window between two times, of all under `of` and of one of them.
   * @returns the calls in it so far, this one included
   */
  add(
    of: string,
    one: string,
    window: { readonly startsAt: number; readonly endsAt: number },
  ): Promise<{ readonly all: number; readonly own: number }>;
}
