import { ResourceNotFoundException } from '@aws-sdk/client-dynamodb';

/** What a failure of AWS means for somebody who manages clients; any other as it is. */
export function aboutFailure(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const remedy = remedyOf(error);
  return remedy === null ? error : new Error(remedy, { cause: error });
}

function remedyOf(error: Error): string | null {
  if (error instanceof ResourceNotFoundException) {
    return "The table doesn't exist in this region. --table is the stack's output TableName, --region is where it is deployed.";
  }
  if (error.name === 'CredentialsProviderError') {
    return 'No AWS credentials found. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.';
  }
  return 'code' in error && error.code === 'ECONNREFUSED'
    ? 'The connection to the table was refused. If it belongs to `npm start`, start that again.'
    : null;
}
