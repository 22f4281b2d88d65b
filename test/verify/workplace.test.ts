import { expect, test } from 'vitest';
import { emulatedApi } from '#verify/deployed-stack.ts';
import { isolatedEnvironment } from '#verify/workplace.ts';

test('nothing of a real account gets into the environment of a run', () => {
  const environment = isolatedEnvironment({
    PATH: '/bin',
    NO_PROXY: 'internal',
    AWS_PROFILE: 'production',
    AWS_ACCESS_KEY_ID: 'AKIA',
    AWS_ENDPOINT_URL_DYNAMODB: 'https://elsewhere',
  });
  expect(
    Object.keys(environment)
      .filter((name) => name.startsWith('AWS_'))
      .sort(),
  ).toEqual(['AWS_CONFIG_FILE', 'AWS_EC2_METADATA_DISABLED', 'AWS_SHARED_CREDENTIALS_FILE']);
  expect(environment['NO_PROXY']).toBe('internal,127.0.0.1');
  expect(environment['PATH']).toMatch(/node_modules[/\\].bin.\/bin$/);
});

test("the API's address is the emulator's, with the stage", () => {
  const ApiUrl = 'https://26142e3a.execute-api.ap-south-1.amazonaws.com/dev/';
  const emulator = { url: 'https://127.0.0.1:4566', certificates: '', log: '', stop: async () => {} };
  expect(emulatedApi(emulator, { ApiUrl })).toBe('https://127.0.0.1:4566/_aws/execute-api/26142e3a/dev/');
});
