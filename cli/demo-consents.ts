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

/**
 * The same where the product is killed. A refusal whose answer is lost is asked for again, since it has opened no session: without refusals
 * the number of FI requests shows that nothing was sent twice.
 */
const FAILING_WITH_SESSION: readonly string[] = ['timeout', 'partial', 'denied'];

/** Always the same consents, whose GUIDs look random. */
export const demoConsents = (rows: number, { refused } = { refused: true }): DemoConsent[] =>
  Array.from({ length: rows }, (_, row) => {
    const hex = createHash('sha256').update(`demo-consent-${row}`).digest('hex');
    const consentId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
    const failing = refused ? FAILING : FAILING_WITH_SESSION;
    return { consentId, scenario: failing[row % 100] ?? null };
  });

/** The consents whose scenario the simulator has to know. */
export const failingConsents = (consents: readonly DemoConsent[]): ConsentSettings[] =>
  consents.flatMap(({ consentId, scenario }) => (scenario === null ? [] : [{ consentId, scenario }]));
