import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import type { Stage } from './deployment.ts';
import type { ServiceFunction } from './service-function.ts';

export interface StorageProps {
  readonly stage: Stage;
}

/** What a function may do with single items of the table, and with one partition at a time. There is no Scan. */
type TableAction = 'GetItem' | 'PutItem' | 'UpdateItem' | 'Query' | 'BatchWriteItem';

/** The one table, and the sparse index of open batches. */
export class Storage extends Construct {
  static readonly OPEN_BATCHES = 'open-batches';

  readonly table: Table;

  constructor(scope: Construct, id: string, props: StorageProps) {
    super(scope, id);
    // Without a name of its own: a named table could never be replaced, nor restored beside the old one.
    this.table = new Table(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      timeToLiveAttribute: 'expiresAt',
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: props.stage.protected,
      removalPolicy: props.stage.removal,
    });
    // Only open batches carry `openBatches`, so the index is as small as what is under way.
    this.table.addGlobalSecondaryIndex({
      indexName: Storage.OPEN_BATCHES,
      partitionKey: { name: 'openBatches', type: AttributeType.STRING },
      sortKey: { name: 'acceptedAt', type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    });
  }

  /** Lets a function do these things with items, and tells it where they are. */
  allow(consumer: ServiceFunction, ...actions: readonly TableAction[]): void {
    consumer.lambda.addEnvironment('TABLE_NAME', this.table.tableName);
    consumer.allow(
      actions.map((action) => `dynamodb:${action}`),
      [this.table.tableArn],
    );
  }

  /** Lets a function list the open batches. */
  allowListingOpenBatches(consumer: ServiceFunction): void {
    consumer.lambda.addEnvironment('OPEN_BATCHES_INDEX', Storage.OPEN_BATCHES);
    consumer.allow(['dynamodb:Query'], [`${this.table.tableArn}/index/${Storage.OPEN_BATCHES}`]);
  }
}
