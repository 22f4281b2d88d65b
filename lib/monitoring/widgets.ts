import { GraphWidget, type IMetric, SingleValueWidget, type YAxisProps } from 'aws-cdk-lib/aws-cloudwatch';

const FROM_ZERO: YAxisProps = { min: 0, showUnits: false };

/** A graph a third of the page wide, or as wide as `width` columns of 24. */
export const graph = (title: string, left: readonly IMetric[], width = 8): GraphWidget =>
  new GraphWidget({ title, left: [...left], leftYAxis: FROM_ZERO, width, height: 6 });

/** The same with its lines stacked: what belongs to one total. */
export const stack = (title: string, left: readonly IMetric[], width = 8): GraphWidget =>
  new GraphWidget({ title, left: [...left], leftYAxis: FROM_ZERO, stacked: true, width, height: 6 });

/** The latest value of each, in figures. */
export const figures = (title: string, metrics: readonly IMetric[], width: number): SingleValueWidget =>
  new SingleValueWidget({ title, metrics: [...metrics], width, height: 3, sparkline: true });

/** What each comes to over all the time that the dashboard shows. */
export const totals = (title: string, metrics: readonly IMetric[], width: number): SingleValueWidget =>
  new SingleValueWidget({ title, metrics: [...metrics], width, height: 3, setPeriodToTimeRange: true });
