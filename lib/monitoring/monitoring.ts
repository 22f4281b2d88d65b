import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Construct } from 'constructs';
import type { Deployment } from '#lib/deployment.ts';
import { AlarmTopic } from './alarm-topic.ts';
import { alarmDefinitions } from './alarms.ts';
import { Dashboard } from './dashboard.ts';
import type { Monitored } from './monitored.ts';
import { runbookAlarm } from './runbook-alarm.ts';

export interface MonitoringProps {
  readonly deployment: Deployment;
  readonly monitored: Monitored;
}

/** The alarms, each of which notifies the topic when it's raised and when it's over, and the dashboard. */
export class Monitoring extends Construct {
  readonly dashboardName: string;
  readonly alarmTopic: AlarmTopic;

  constructor(scope: Construct, id: string, { deployment, monitored }: MonitoringProps) {
    super(scope, id);
    const service = `bulk-data-fetch-${deployment.stage.name}`;
    this.alarmTopic = new AlarmTopic(this, 'Alarms', { deployment });
    const action = new SnsAction(this.alarmTopic.topic);
    const alarms = alarmDefinitions(monitored).map((definition) => {
      const alarm = runbookAlarm(this, service, deployment.runbookUrl, definition);
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
      return alarm;
    });
    this.dashboardName = new Dashboard(this, 'Dashboard', { deployment, monitored, alarms }).name;
  }
}
