import recommended from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };

/**
 * The CDK's own switches, as its pinned version recommends them for a new project. They are here and not in cdk.json, since only the
 * CDK CLI reads that file, and the tests and the local cloud run the app without it. Should an upgrade of the CDK bring one that renames
 * a resource that holds data, the test of the table's logical id fails.
 */
export const FEATURE_FLAGS = recommended;
