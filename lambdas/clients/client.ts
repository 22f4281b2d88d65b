/** A client's secret, of which only the salted hash is stored. While two are valid, a rotation is under way. */
export interface ClientSecret {
  /** Hex. */
  readonly salt: string;
  /** SHA-256 over salt and secret, hex. */
  readonly hash: string;
  /** When the secret ends, in epoch milliseconds; null when it doesn't. */
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

/** A client as operators see it. */
export interface RegisteredClient extends Client {
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** When the newest secret replaced another; null before the first rotation. */
  readonly rotatedAt: number | null;
  /** Changes with every write. Writes are conditional on the revision that was read. */
  readonly revision: string;
}

/** The secrets that are valid at this time. */
export const validSecrets = ({ secrets }: Pick<Client, 'secrets'>, now: number): readonly ClientSecret[] =>
  secrets.filter(({ validUntil }) => validUntil === null || validUntil > now);

/** Printable ASCII without spaces, since it's sent as a header. */
export const APP_IDENTIFIER = /^[\x21-\x7e]{1,128}$/;

/**
 * An organisation is part of every key, so it's short and simple (docs/architecture.md, "The table"). It's also a folder in
 * the bucket and part of a secret's name: tools take `.` and `..` for other folders.
 */
export const ORGANISATION_ID = /^(?!\.\.?$)[A-Za-z0-9._-]{1,36}$/;
