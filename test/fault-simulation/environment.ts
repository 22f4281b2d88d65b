/** Powertools reads these when the functions are loaded, so this module is imported before them. The functions log as a production stage's do. */
Object.assign(process.env, {
  POWERTOOLS_DEV: 'false',
  POWERTOOLS_LOG_LEVEL: 'INFO',
  POWERTOOLS_METRICS_DISABLED: 'false',
  POWERTOOLS_SERVICE_NAME: 'bulk-data-fetch',
  POWERTOOLS_METRICS_NAMESPACE: 'bulk-data-fetch/sim',
});
