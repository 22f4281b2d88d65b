/** A secret of a client: only its salted hash is kept. While two are valid, a rotation is under way. */
export interface ClientSecret {
  /** Hex. */
  readonly salt: string;
  /** SHA-256 over salt and secret, hex. */
  readonly hash: string;
  /** Epoch milliseconds from which on the secret is refused; null for one without an end. */
  readonly validUntil: number | null;
}

/** Who may call the API for an organisation. */
export interface Client {
  readonly clientId: string;
  readonly organisationId: string;
  readonly appIdentifiers: readonly string[];
  readonly secrets: readonly ClientSecret[];
  readonly disabled: boolean;
}

/** A client as those who manage it see it. */
export interface RegisteredClient extends Client {
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** When the newest secret replaced another; null before the first rotation. */
  readonly rotatedAt: number | null;
  /** A new one with every write; a change is written under the condition that this one is still stored. */
  readonly revision: string;
}

/** Those of a client's secrets that open the door at this time. */
export const validSecrets = ({ secrets }: Pick<Client, 'secrets'>, now: number): readonly ClientSecret[] =>
  secrets.filter(({ validUntil }) => validUntil === null || validUntil > now);

/** Printable ASCII without spaces: it is sent as a header. */
export const APP_IDENTIFIER = /^[\x21-\x7e]{1,128}$/;

/** Letters, digits, dots, hyphens and underscores: an organisation is part of every key (`design.md`, bounds). */
export const ORGANISATION_ID = /^[A-Za-z0-9._-]{1,36}$/;
