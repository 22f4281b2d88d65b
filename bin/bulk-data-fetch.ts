import { App } from 'aws-cdk-lib';
import { BulkDataFetchStack } from '#lib/bulk-data-fetch-stack.ts';
import { FEATURE_FLAGS, readDeployment } from '#lib/deployment.ts';

const app = new App({ analyticsReporting: false, context: FEATURE_FLAGS });
const deployment = readDeployment((key) => app.node.tryGetContext(key));

new BulkDataFetchStack(app, `bulk-data-fetch-${deployment.stage.name}`, { deployment });

app.synth();
