import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Client, ClientSecret } from '#lambdas/clients/client.ts';
import { generateSecret, hashSecret, isSecretOf, randomSecrets } from '#lambdas/clients/secret.ts';

const clientWith = (...secrets: ClientSecret[]): Client => ({
  clientId: 'client',
  organisationId: 'org',
  appIdentifiers: ['app'],
  secrets,
  disabled: false,
});

describe('a generated secret', () => {
  test('has 256 bits, fits into a header, and is another each time', () => {
    const secrets = Array.from({ length: 100 }, generateSecret);
    expect(new Set(secrets).size).toBe(100);
    for (const secret of secrets) {
      expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    }
  });

  test('is issued with what is stored of it', () => {
    const { secret, stored } = randomSecrets.issue();
    expect(isSecretOf(clientWith(stored), secret, 0)).toBe(true);
    expect(JSON.stringify(stored)).not.toContain(secret);
  });
});

test('what is stored is SHA-256 over a salt of its own and the secret', () => {
  const [one, other] = [hashSecret('secret'), hashSecret('secret')];
  expect(one.salt).toMatch(/^[0-9a-f]{32}$/);
  expect(one.salt).not.toBe(other.salt);
  expect(one.hash).not.toBe(other.hash);
  const bytes = Buffer.concat([Buffer.from(one.salt, 'hex'), Buffer.from('secret')]);
  expect(one).toEqual({ salt: one.salt, hash: createHash('sha256').update(bytes).digest('hex'), validUntil: null });
});

test('only the very secret is taken, whatever else is sent', () => {
  const client = clientWith(hashSecret('right'));
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (sent) => {
      expect(isSecretOf(client, sent, 0)).toBe(sent === 'right');
      expect(isSecretOf(null, sent, 0)).toBe(false);
      expect(isSecretOf(clientWith(), sent, 0)).toBe(false);
    }),
  );
});

test('each of several is taken until its own end', () => {
  const client = clientWith({ ...hashSecret('old'), validUntil: 1000 }, hashSecret('new'));
  expect(['old', 'new'].map((secret) => isSecretOf(client, secret, 999))).toEqual([true, true]);
  expect(['old', 'new'].map((secret) => isSecretOf(client, secret, 1000))).toEqual([false, true]);
});
