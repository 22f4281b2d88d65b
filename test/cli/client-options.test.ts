import { describe, expect, test } from 'vitest';
import { readClientCommand } from '#cli/client-options.ts';
import { UsageError } from '#cli/command.ts';

const read = (line: string) => readClientCommand(line.split(' ').filter((word) => word !== ''));

function refusalOf(line: string): string[] {
  try {
    read(line);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.message.split('\n');
  }
  throw new Error('the command was taken');
}

describe('a command', () => {
  test.each<[string, object]>([
    ['create --organisation acme --app web', { command: 'create', organisation: 'acme', app: ['web'] }],
    [
      'create --app web --app=mobile --organisation=acme --table the-table --region us-east-1',
      { command: 'create', organisation: 'acme', app: ['web', 'mobile'], table: 'the-table', region: 'us-east-1' },
    ],
    ['list', { command: 'list', json: false }],
    ['list --json --organisation acme', { command: 'list', json: true, organisation: 'acme' }],
    ['rotate --client id', { command: 'rotate', client: 'id', overlap: 24 }],
    ['rotate --client id --overlap 0', { command: 'rotate', client: 'id', overlap: 0 }],
    ['rotate --client id --overlap 0.5', { command: 'rotate', client: 'id', overlap: 0.5 }],
    ['disable --client id --table the-table', { command: 'disable', client: 'id', table: 'the-table' }],
  ])('%s', (line, expected) => {
    expect(read(line)).toEqual(expected);
  });
});

describe('a mutant is named, with what to do', () => {
  test.each([
    ['', /^No command given\.$/],
    ['creat', /^Unknown command 'creat'\.$/],
    ['constructor', /^Unknown command 'constructor'\.$/],
    ['create --app web', /^--organisation is required$/],
    ['create --organisation acme', /^--app is required$/],
    ['create --organisation a/b --app web', /^--organisation must be 1 to 36 letters, digits/],
    ['create --organisation=acme --app=', /^--app must be 1 to 128 printable ASCII/],
    ['create --organisation acme --organisation acme --app web', /^--organisation can be given only once$/],
    ['create acme', /^Unexpected argument 'acme'$/],
    ['list --all', /^Unknown option --all$/],
    ['list --json=no', /^--json takes no value$/],
    ['list --client id', /^Unknown option --client$/],
    ['rotate', /^--client is required$/],
    ['rotate --client', /^--client needs a value$/],
    ['rotate --client --overlap 2', /^--client needs a value$/],
    ['rotate --client id --overlap -1', /^--overlap needs a value$/],
    ['rotate --client id --overlap=-1', /^--overlap must be a number of hours from 0 to 720, such as 24 or 0\.5$/],
    ['rotate --client id --overlap=', /^--overlap must be a number of hours/],
    ['rotate --client id --overlap 1e2', /^--overlap must be a number of hours/],
    ['rotate --client id --overlap 721', /^--overlap must be a number of hours/],
    ['rotate --client id --overlap 24h', /^--overlap must be a number of hours/],
    ['disable --client a --client b', /^--client can be given only once$/],
    ['disable --client id --region us-east-1', /^--region needs --table$/],
    ['disable --client id --table t', /^--table must be the name of a table/],
    ['disable --client id --table the-table --region Mumbai', /^--region must be a region such as ap-south-1$/],
  ])('%s', (line, fault) => {
    expect(refusalOf(line)[0]).toMatch(fault);
  });

  test('all of them at once', () => {
    expect(refusalOf('create').slice(0, 2)).toEqual(['--organisation is required', '--app is required']);
  });
});
