export { upstreamSecretPrefix } from './topology.ts';
