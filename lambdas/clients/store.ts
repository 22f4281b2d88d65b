import type { Client, ClientSecret, RegisteredClient } from './client.ts';

/** The API's clients, for authentication. */
export interface Clients {
  /** Strongly consistent. */
  find(clientId: string): Promise<Client | null>;
}

/** The API's clients, for those who manage them. Every change is one conditional write of one client. */
export interface ClientRegister extends Clients {
  find(clientId: string): Promise<RegisteredClient | null>;
  /** Every client, in no order. */
  list(): Promise<readonly RegisteredClient[]>;
  /** Writes a new client, and its organisation where that is new. False: there is a client with this id. */
  add(client: RegisteredClient): Promise<boolean>;
  /** Writes a client under the condition that the stored revision is `seen`. False: somebody else has written. */
  replace(client: RegisteredClient, seen: string): Promise<boolean>;
}

/** Makes clients' secrets. */
export interface ClientSecrets {
  /** A new secret, and what is kept of it. */
  issue(): { readonly secret: string; readonly kept: ClientSecret };
}

/** Which organisations there are. */
export interface Organisations {
  exists(organisationId: string): Promise<boolean>;
}
