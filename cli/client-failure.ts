import { ResourceNotFoundException } from '@aws-sdk/client-dynamodb';

/** One line on why a command failed and, if known, what to do. */
export function failureLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof ResourceNotFoundException) {
    return "The table doesn't exist in this region. --table is the stack's output TableName, --region is where it is deployed.";
  }
  if (error.name === 'CredentialsProviderError') {
    return 'No AWS credentials found. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.';
  }
  if ('code' in error && error.code === 'ECONNREFUSED') {
    return 'The connection to the table was refused. If it belongs to `npm start`, start that again.';
  }
  const [line = ''] = error.message.split('\n');
  return line === '' ? error.name : line;
}
