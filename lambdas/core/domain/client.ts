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

/** Letters, digits, dots, hyphens and underscores: an organisation is part of every key (`design.md`, bounds). */
export const ORGANISATION_ID = /^[A-Za-z0-9._-]{1,36}$/;
