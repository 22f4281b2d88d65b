import { Duration } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  PeriodOverride,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { Deployment } from '#lib/deployment.ts';
import { PRICES_AS_OF } from '#lib/list-prices.ts';
import { priceRegionOf } from './batch-cost.ts';
import type { Monitored } from './monitored.ts';
import { apiWidgets, functionWidgets, queueWidgets, tableWidgets } from './platform-widgets.ts';
import { heading, PAGE_WIDTH } from './widgets.ts';
import { batchWidgets, costWidgets, upstreamWidgets } from './work-widgets.ts';

export interface DashboardProps {
  readonly deployment: Deployment;
  readonly monitored: Monitored;
  readonly alarms: readonly Alarm[];
}

/**
 * One page for the person on call, to be read from the top: which alarms are raised, whether batches are moving, and if not, where they are stuck: in a
 * queue, at FinPro, in a function, at the API or at the table.
 */
export class Dashboard extends Construct {
  readonly name: string;

  constructor(scope: Construct, id: string, { deployment, monitored, alarms }: DashboardProps) {
    super(scope, id);
    const { stage, region, runbookUrl } = deployment;
    this.name = `bulk-data-fetch-${stage.name}`;
    new CloudWatchDashboard(this, 'Dashboard', {
      dashboardName: this.name,
      defaultInterval: Duration.hours(6),
      // A graph over weeks then takes longer periods, not more points than it can draw.
      periodOverride: PeriodOverride.AUTO,
      widgets: [
        [
          new AlarmStatusWidget({
            title: `Alarms (runbook: ${runbookUrl})`,
            alarms: [...alarms],
            width: PAGE_WIDTH,
            height: 4,
          }),
        ],
        [heading('## Are batches moving?')],
        ...batchWidgets(monitored),
        [heading('## If not: are they stuck in a queue?')],
        queueWidgets(monitored),
        [heading('## At FinPro?')],
        ...upstreamWidgets(monitored),
        [heading('## In a function?')],
        functionWidgets(monitored),
        [heading('## Can clients reach the API?')],
        apiWidgets(monitored),
        [heading('## Does the table keep up?')],
        tableWidgets(monitored),
        [
          heading(
            `## What does it cost? List prices of ${priceRegionOf(region)}, ${PRICES_AS_OF}, for the time range shown; without S3, storage, egress and monthly charges`,
          ),
        ],
        costWidgets(monitored, region),
      ],
    });
  }
}
