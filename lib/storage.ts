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
  /** An existing table, such as one restored from a backup; null if the stack makes its own. */
  readonly existingTableName: string | null;
}

/** What a function can do with single items of the table, and with one partition at a time. There is no Scan. */
type TableAction = 'GetItem' | 'PutItem' | 'UpdateItem' | 'Query' | 'BatchWriteItem';

/** The partitions, by the beginning of their keys (`lambdas/platform/keys.ts`): what organisations have, clients, and counts of calls. */
type Partitions = 'ORG#*' | 'CLIENTS' | 'CALLS#*';

/** The one table, and the sparse index of open batches. */
export class Storage extends Construct {
  readonly table: Pick<ITable, 'tableName' | 'tableArn'>;

  constructor(scope: Construct, id: string, { stage, existingTableName }: StorageProps) {
    super(scope, id);
    this.table =
      existingTableName === null ? this.#makeTable(stage) : Table.fromTableName(this, 'Existing', existingTableName);
  }

  #makeTable(stage: Stage): Table {
    // No fixed name: a named table could never be replaced, or restored next to the old one.
    const table = new Table(this, 'Table', {
      partitionKey: { name: TABLE.partitionKey, type: AttributeType.STRING },
      sortKey: { name: TABLE.sortKey, type: AttributeType.STRING },
      timeToLiveAttribute: TABLE.timeToLive,
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.AWS_MANAGED,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: stage.deletionProtection,
      removalPolicy: stage.removalPolicy,
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

  /** Allows a function these actions on what organisations have; sets `TABLE_NAME`. */
  grant(consumer: ServiceFunction, ...actions: readonly TableAction[]): void {
    this.#grant(consumer, 'ORG#*', actions);
  }

  /** Lets a function of the API know its callers, and count their calls; sets `TABLE_NAME`. Only people write clients. */
  grantCallers(consumer: ServiceFunction): void {
    this.#grant(consumer, 'CLIENTS', ['GetItem']);
    this.#grant(consumer, 'CALLS#*', ['UpdateItem']);
  }

  #grant(consumer: ServiceFunction, partitions: Partitions, actions: readonly TableAction[]): void {
    consumer.lambda.addEnvironment('TABLE_NAME', this.table.tableName);
    // A request may name several keys. `ForAllValues` also holds for none, but each of these actions names at least one (Amazon DynamoDB developer guide,
    // "Using IAM policy conditions for fine-grained access control").
    const condition = { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [partitions] } };
    const named = actions.map((action) => `dynamodb:${action}`);
    consumer.allow(named, [this.table.tableArn], condition);
  }

  /** Lets a function list the open batches; sets `OPEN_BATCHES_INDEX`. */
  grantListOpenBatches(consumer: ServiceFunction): void {
    const { indexName } = TABLE.openBatches;
    consumer.lambda.addEnvironment('OPEN_BATCHES_INDEX', indexName);
    consumer.allow(['dynamodb:Query'], [`${this.table.tableArn}/index/${indexName}`]);
  }
}
