import type { Endpoints } from './endpoints.ts';

/** What the greeting says beside the addresses. */
export interface Greeted {
  readonly timeScale: number;
  /** Null where nothing is kept. */
  readonly kept: string | null;
  readonly ownSimulator: boolean;
  /** The file with the headers of a tenant's calls, by organisation. */
  readonly headerFiles: ReadonlyMap<string, string>;
  /** A reference that is free. */
  readonly referenceId: string;
}

/** What `npm start` prints when everything answers. Its commands work as they are, in this order, in the folder of the project. */
export function greeting(endpoints: Endpoints, greeted: Greeted): string {
  const { api, simulator, local, aws, tenants } = endpoints;
  const { timeScale, kept, ownSimulator, headerFiles, referenceId } = greeted;
  const call = (path: string, body: string): string =>
    `curl -s ${api}${path} -H @${headerFiles.get(tenants[0]?.organisationId ?? '')} -H 'Content-Type: application/json' \\\n  -d '${body}'`;
  return `
API          ${api}
FinPro       ${simulator}, simulated${ownSimulator ? '' : ' (was running already)'}; docs/spec/simulator.md says how to make rows fail
AWS          ${local}, ${aws['region']}; calls are counted at ${local}/_local/meter
State        ${kept === null ? 'not kept' : `${kept}; a restart goes on where this one stops`}
Time scale   ${timeScale}${timeScale < 1 ? '' : ': as on AWS, where data takes 15 s to some minutes. `TIME_SCALE=0.05 npm start` is twenty times faster'}

Demo credentials, as curl takes them in ${[...headerFiles.values()].join(' and ')}:
${tenants.map((one) => JSON.stringify(one)).join('\n')}

Schedule a batch of two consents, the second of which is revoked, and ask where it stands (in a second terminal):

curl -s -X PUT ${simulator}/_sim/consents -d '{"consents": [{"consentId": "${REVOKED}", "scenario": "revoked"}]}'

${call('/v2/schedule/fi/requests', `{"reference_id": "${referenceId}", "consents_list": [{"consent_id": "${CONSENT}"}, {"consent_id": "${REVOKED}"}]}`)}

${call('/bulk/status', `{"reference_id": "${referenceId}", "include_balances": true}`)}

With the AWS CLI or an SDK:

export AWS_ENDPOINT_URL=${local} AWS_REGION=${aws['region']} AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local

aws s3 cp samples/consents.csv s3://${aws['bucket']}/drop/${tenants[0]?.organisationId}/${referenceId}-dropped.csv

Ctrl-C stops it. From here on, a line for each batch that moves:
`;
}

const CONSENT = '54450ac0-8bcb-4b9c-ad74-29b4fabe18f7';
const REVOKED = '9a8b7c6d-5e4f-3a2b-1c0d-9e8f7a6b5c4d';
