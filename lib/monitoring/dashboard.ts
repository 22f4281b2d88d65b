import { Duration } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  type IWidget,
  PeriodOverride,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { Deployment } from '#lib/deployment.ts';
import { PRICES_AS_OF } from '#lib/list-prices.ts';
import { pricedAs } from './batch-cost.ts';
import type { Watched } from './monitored.ts';
import { apiWidgets, functionWidgets, queueWidgets, tableWidgets } from './platform-widgets.ts';
import { batchWidgets, costWidgets, upstreamWidgets } from './work-widgets.ts';

export interface DashboardProps {
  readonly deployment: Deployment;
  readonly watched: Watched;
  readonly alarms: readonly Alarm[];
}

/** Columns of a CloudWatch dashboard. */
const WIDTH = 24;

/**
 * One page for the person on call, to be read from above: which alarms are raised, whether batches flow, and if not, where they stand — in a queue, at
 * the upstream, in a function, at the API or at the table.
 */
export class Dashboard extends Construct {
  readonly name: string;

  constructor(scope: Construct, id: string, { deployment, watched, alarms }: DashboardProps) {
    super(scope, id);
    const { stage, region, runbookUrl } = deployment;
    const heading = (markdown: string): IWidget => new TextWidget({ markdown, width: WIDTH, height: 1 });
    this.name = `bulk-data-fetch-${stage.name}`;
    new CloudWatchDashboard(this, 'Dashboard', {
      dashboardName: this.name,
      defaultInterval: Duration.hours(6),
      // A graph over weeks then takes longer periods, not more points than it can draw.
      periodOverride: PeriodOverride.AUTO,
      widgets: [
        [new AlarmStatusWidget({ title: `Alarms: ${runbookUrl}`, alarms: [...alarms], width: WIDTH, height: 4 })],
        [heading('## Do batches flow?')],
        ...batchWidgets(watched),
        [heading('## If not: do they stand in a queue?')],
        queueWidgets(watched),
        [heading('## At the upstream?')],
        ...upstreamWidgets(watched),
        [heading('## In a function?')],
        functionWidgets(watched),
        [heading('## Or do clients not get in?')],
        apiWidgets(watched),
        [heading('## The table')],
        tableWidgets(watched),
        [
          heading(
            `## What it costs: list prices of ${pricedAs(region)}, ${PRICES_AS_OF}, for the time shown; without S3, storage, egress and what is paid by the month`,
          ),
        ],
        costWidgets(watched, region),
      ],
    });
  }
}
