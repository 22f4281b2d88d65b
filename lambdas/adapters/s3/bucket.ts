import { S3Client } from '@aws-sdk/client-s3';

/** The one bucket and the client that reaches it. */
export interface Bucket {
  readonly client: S3Client;
  readonly name: string;
}

/** Made once a container. An endpoint that is set by hand, as the local cloud's, has no name of its own for each bucket. */
export const connectBucket = (name: string, endpoint = process.env['AWS_ENDPOINT_URL_S3']): Bucket => ({
  client: new S3Client({ maxAttempts: 5, forcePathStyle: endpoint !== undefined }),
  name,
});
