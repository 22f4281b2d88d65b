/** Has the functions log as a production stage's do. Powertools reads these when it is loaded, so whoever needs them imports this module first. */
Object.assign(process.env, {
  POWERTOOLS_DEV: 'false',
  POWERTOOLS_LOG_LEVEL: 'INFO',
  POWERTOOLS_METRICS_DISABLED: 'false',
  POWERTOOLS_SERVICE_NAME: 'bulk-data-fetch',
  POWERTOOLS_METRICS_NAMESPACE: 'bulk-data-fetch/test',
});
