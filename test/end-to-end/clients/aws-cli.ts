import type { Client, Destination, Drop } from './client.ts';
import type { Program } from './program.ts';

/** `aws s3 cp`, which uploads a file of more than 8 MiB in parts. The CLI has no forms. */
export const awsCli = ({ missing, run }: Program) =>
  ({
    name: 'AWS CLI',
    missing,
    drop: async ({ path, key }: Drop, to: Destination) => {
      await run(['s3', 'cp', '--no-progress', path, `s3://${to.bucket}/${key}`], environmentFor(to));
    },
  }) satisfies Client;

const environmentFor = ({ s3, region, credentials }: Destination) => ({
  AWS_ENDPOINT_URL_S3: s3,
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_ACCESS_KEY_ID: credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
});
