import { ResourceNotFoundException } from '@aws-sdk/client-dynamodb';

/** One line about why a command could not be carried out, with what to do where that is known. */
export function failureLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof ResourceNotFoundException) {
    return 'There is no such table in this region: --table is the output TableName of the stack, --region is where it is deployed.';
  }
  if (error.name === 'CredentialsProviderError') {
    return 'No AWS credentials were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.';
  }
  if ('code' in error && error.code === 'ECONNREFUSED') {
    return 'Nothing answers at the address of the table: if it was that of `npm start`, start that again.';
  }
  const [line = ''] = error.message.split('\n');
  return line === '' ? error.name : line;
}
