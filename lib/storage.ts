import {
  AttributeType,
  BillingMode,
  type ITable,
  ProjectionType,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import type { Stage } from './deployment.ts';
import type { ServiceFunction } from './service-function.ts';
import { TABLE } from './topology.ts';

export interface StorageProps {
  readonly stage: Stage;
  /** The name of a table that is there, as one restored from a backup is; null for one of the stack's own. */
  readonly existingTable: string | null;
}

/** What a function may do with single items of the table, and with one partition at a time. There is no Scan. */
type TableAction = 'GetItem' | 'PutItem' | 'UpdateItem' | 'Query' | 'BatchWriteItem';

/** The one table, and the sparse index of open batches. */
export class Storage extends Construct {
  readonly table: Pick<ITable, 'tableName' | 'tableArn'>;

  constructor(scope: Construct, id: string, { stage, existingTable }: StorageProps) {
    super(scope, id);
    this.table = existingTable === null ? this.#ownTable(stage) : Table.fromTableName(this, 'Existing', existingTable);
  }

  #ownTable(stage: Stage): Table {
    // Without a name of its own: a named table could never be replaced, nor restored beside the old one.
    const table = new Table(this, 'Table', {
      partitionKey: { name: TABLE.partitionKey, type: AttributeType.STRING },
      sortKey: { name: TABLE.sortKey, type: AttributeType.STRING },
      timeToLiveAttribute: TABLE.timeToLive,
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: stage.protected,
      removalPolicy: stage.removal,
    });
    const { indexName, partitionKey, sortKey } = TABLE.openBatches;
    table.addGlobalSecondaryIndex({
      indexName,
      partitionKey: { name: partitionKey, type: AttributeType.STRING },
      sortKey: { name: sortKey, type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    });
    return table;
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
    const { indexName } = TABLE.openBatches;
    consumer.lambda.addEnvironment('OPEN_BATCHES_INDEX', indexName);
    consumer.allow(['dynamodb:Query'], [`${this.table.tableArn}/index/${indexName}`]);
  }
}
