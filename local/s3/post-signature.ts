import { createHmac, timingSafeEqual } from 'node:crypto';
import { accessDenied, invalidArgument, S3Error } from './s3-answer.ts';

/** The secret access key of every identity of the local account. */
const SECRET_ACCESS_KEY = 'local';

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

const missing = (field: string): S3Error =>
  invalidArgument(
    `Bucket POST must contain a field named '${field}'.  If it is specified, please check the order of the fields.`,
    field,
  );

/**
 * Verifies the signature of a form's policy. ("Authenticating requests in browser-based uploads using POST", S3 API reference)
 *
 * @param fields by lower-case name
 * @returns the access key id that it is signed with
 * @throws S3Error `AccessDenied` without a policy, `InvalidArgument` without a field of the signature, `SignatureDoesNotMatch`
 */
export function verifyPolicySignature(fields: ReadonlyMap<string, string>, region: string): string {
  const policy = fields.get('policy');
  // Without a policy it is anybody's upload, and the bucket is private.
  if (policy === undefined) throw accessDenied();
  const field = (name: string): string => {
    const value = fields.get(name.toLowerCase());
    if (value === undefined || value === '') throw missing(name);
    return value;
  };
  const algorithm = field('X-Amz-Algorithm');
  if (algorithm !== 'AWS4-HMAC-SHA256') {
    throw invalidArgument('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"', 'X-Amz-Algorithm', algorithm);
  }
  const credential = field('X-Amz-Credential');
  const [accessKeyId = '', day = '', ...scope] = credential.split('/');
  const date = field('X-Amz-Date');
  const signature = field('X-Amz-Signature');
  if (scope.join('/') !== `${region}/s3/aws4_request` || !date.startsWith(day)) {
    throw invalidArgument('The credential is not for this day, region or service', 'X-Amz-Credential', credential);
  }
  const key = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${SECRET_ACCESS_KEY}`);
  const expected = hmac(key, policy);
  const given = Buffer.from(signature, 'hex');
  if (given.length === expected.length && timingSafeEqual(given, expected)) return accessKeyId;
  const message =
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.';
  throw new S3Error(403, 'SignatureDoesNotMatch', message, { details: { AWSAccessKeyId: accessKeyId } });
}
