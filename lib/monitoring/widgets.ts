import { GraphWidget, type IMetric, SingleValueWidget, TextWidget, type YAxisProps } from 'aws-cdk-lib/aws-cloudwatch';

/** Columns of a CloudWatch dashboard. */
export const PAGE_WIDTH = 24;

const THIRD = PAGE_WIDTH / 3;
const FROM_ZERO: YAxisProps = { min: 0, showUnits: false };

/** A line of Markdown across the page. */
export const heading = (markdown: string): TextWidget => new TextWidget({ markdown, width: PAGE_WIDTH, height: 1 });

/** Lines over time. A third of the page wide, unless set, in columns. */
export const graph = (title: string, metrics: readonly IMetric[], width = THIRD): GraphWidget =>
  new GraphWidget({ title, left: [...metrics], leftYAxis: FROM_ZERO, width, height: 6 });

/** The same, stacked: for what adds up to a total. */
export const stackedGraph = (title: string, metrics: readonly IMetric[], width = THIRD): GraphWidget =>
  new GraphWidget({ title, left: [...metrics], leftYAxis: FROM_ZERO, stacked: true, width, height: 6 });

/** The latest value of each metric, as a number. */
export const latestValues = (title: string, metrics: readonly IMetric[], width: number): SingleValueWidget =>
  new SingleValueWidget({ title, metrics: [...metrics], width, height: 3, sparkline: true });

/** The total of each metric over the whole time range that the dashboard shows. */
export const totals = (title: string, metrics: readonly IMetric[], width: number): SingleValueWidget =>
  new SingleValueWidget({ title, metrics: [...metrics], width, height: 3, setPeriodToTimeRange: true });
