import { createHash } from 'node:crypto';
import type { ConsentSettings } from '#simulator/control-client.ts';

/** A consent of the demo with its scenario in the simulator; null for one that succeeds. */
export interface DemoConsent {
  readonly consentId: string;
  readonly scenario: string | null;
}

/** What goes wrong with some of each 100 consents. The others get ready. */
const FAILING: readonly string[] = [
  'revoked',
  'revoked',
  'expired',
  'paused',
  'quota',
  'timeout',
  'partial',
  'bad-range',
  'denied',
];

/** Always the same consents, whose GUIDs look random. */
export const demoConsents = (rows: number): DemoConsent[] =>
  Array.from({ length: rows }, (_, row) => {
    const hex = createHash('sha256').update(`demo-consent-${row}`).digest('hex');
    const consentId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
    return { consentId, scenario: FAILING[row % 100] ?? null };
  });

/** The consents whose scenario the simulator has to know. */
export const failingConsents = (consents: readonly DemoConsent[]): ConsentSettings[] =>
  consents.flatMap(({ consentId, scenario }) => (scenario === null ? [] : [{ consentId, scenario }]));
