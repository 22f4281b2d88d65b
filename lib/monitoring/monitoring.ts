import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Construct } from 'constructs';
import type { Deployment } from '#lib/deployment.ts';
import { AlarmTopic } from './alarm-topic.ts';
import { alarmList } from './alarms.ts';
import { Dashboard } from './dashboard.ts';
import type { Watched } from './monitored.ts';
import { runbookAlarm } from './runbook-alarm.ts';

export interface ObservabilityProps {
  readonly deployment: Deployment;
  readonly watched: Watched;
}

/** Alarms, each of which tells the topic when it is raised and when it is over, and the dashboard. */
export class Observability extends Construct {
  readonly dashboardName: string;
  readonly alarmTopic: AlarmTopic;

  constructor(scope: Construct, id: string, { deployment, watched }: ObservabilityProps) {
    super(scope, id);
    const service = `bulk-data-fetch-${deployment.stage.name}`;
    this.alarmTopic = new AlarmTopic(this, 'Alarms', { deployment });
    const action = new SnsAction(this.alarmTopic.topic);
    const alarms = alarmList(watched).map((definition) => {
      const alarm = runbookAlarm(this, service, deployment.runbookUrl, definition);
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
      return alarm;
    });
    this.dashboardName = new Dashboard(this, 'Dashboard', { deployment, watched, alarms }).name;
  }
}
