import type { ClientSummary, IssuedClient } from '#lambdas/clients/manage.ts';

/** The headers of a call with new credentials, one per line, as `curl -H @file` reads them. */
export const headerLines = ({ client, secret }: IssuedClient): string =>
  [
    `client_id: ${client.clientId}`,
    `client_secret: ${secret}`,
    `organisationId: ${client.organisationId}`,
    `appIdentifier: ${client.appIdentifiers[0]}`,
  ].join('\n');

/** Explains new credentials. */
export function aboutHeaders({ client }: IssuedClient): string {
  const [, ...others] = client.appIdentifiers;
  const more = others.length === 0 ? '' : ` (appIdentifier may also be ${others.join(' or ')})`;
  return `The secret is shown only once; only its hash is stored. The headers of every call${more}:`;
}

/** Explains what happens to the previous secret. */
export const aboutOldSecret = ({ oldSecretUntil }: IssuedClient): string =>
  oldSecretUntil === null
    ? 'Every older secret is refused within a minute.'
    : `The old secret is valid until ${isoTime(oldSecretUntil)}.`;

/** The clients as a table for people. */
export function clientTable(clients: readonly ClientSummary[]): string {
  const rows = clients.map((client) => [
    client.clientId,
    client.organisationId,
    client.appIdentifiers.join(' '),
    client.disabled ? 'disabled' : 'active',
    String(client.validSecrets) +
      (client.oldSecretUntil === null ? '' : `, old until ${isoTime(client.oldSecretUntil)}`),
    isoTime(client.createdAt),
    client.rotatedAt === null ? '-' : isoTime(client.rotatedAt),
  ]);
  const table = [['client_id', 'organisation', 'apps', 'state', 'valid secrets', 'created', 'rotated'], ...rows];
  const widths = table.reduce<number[]>(
    (widest, row) => row.map((cell, column) => Math.max(widest[column] ?? 0, cell.length)),
    [],
  );
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The clients as JSON for programs. */
export const clientJson = (clients: readonly ClientSummary[]): string =>
  JSON.stringify(
    clients.map(({ clientId, organisationId, appIdentifiers, disabled, validSecrets, ...times }) => ({
      client_id: clientId,
      organisationId,
      appIdentifiers,
      disabled,
      validSecrets,
      oldSecretValidUntil: times.oldSecretUntil === null ? null : isoTime(times.oldSecretUntil),
      createdAt: isoTime(times.createdAt),
      rotatedAt: times.rotatedAt === null ? null : isoTime(times.rotatedAt),
    })),
    null,
    2,
  );

const isoTime = (at: number): string => new Date(at).toISOString();
