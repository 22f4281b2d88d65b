import type { Stage } from './deployment.ts';

/** Where an organisation's credentials for the upstream lie in Secrets Manager: this and its id. */
export const upstreamSecretPrefix = (stage: Stage['name']): string => `bulk-data-fetch/${stage}/upstream/`;
