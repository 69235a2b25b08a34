import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { helpText, readCommandLine } from './command-line.ts';

const UNDERSTOOD = [
  ['start', { command: 'start' }],
  ['check --config a.yaml', { command: 'check', file: 'a.yaml' }],
  ['--config=a.yaml check', { command: 'check', file: 'a.yaml' }],
  ['start -c a.yaml', { command: 'start', file: 'a.yaml' }],
  ['start -ca.yaml', { command: 'start', file: 'a.yaml' }],
  ['start --config=-odd.yaml', { command: 'start', file: '-odd.yaml' }],
  ['-- start', { command: 'start' }],
  ['help', { command: 'help' }],
  ['--help', { command: 'help' }],
  ['check -h', { command: 'help', about: 'check' }],
  ['token list --help', { command: 'help', about: 'token list' }],
  ['token --help', { command: 'help' }],
  ['version', { command: 'version' }],
  ['token list', { command: 'token list' }],
  ['token -c a.yaml revoke x', { command: 'token revoke', file: 'a.yaml', operand: 'x' }],
  [
    'token create --jid a@b --scope send --scope query --from 10.0.0.0/8 --rate 5 --expires 90d --label ci',
    {
      command: 'token create',
      token: {
        jid: 'a@b',
        scope: ['send', 'query'],
        from: ['10.0.0.0/8'],
        rate: '5',
        expires: '90d',
        label: 'ci',
      },
    },
  ],
  ['-v', { command: 'version' }],
] as const;

const REFUSED = [
  ['', 'say what to do: start, check, schema, token create, token list, token revoke, help, version'],
  ['strat', "unknown command 'strat'; did you mean 'start'?"],
  [
    'toString',
    "unknown command 'toString'; known are start, check, schema, token create, token list, token revoke, help, version",
  ],
  ['start now', "there is one word too many: 'now'"],
  ['start --confg a', "unknown option '--confg'; did you mean '--config'?"],
  ['start -x', "unknown option '-x'; known are --config, --help, --version"],
  ['start --port 3', "unknown option '--port'; known are --config, --help, --version"],
  ['start --__proto__', "unknown option '--__proto__'; known are --config, --help, --version"],
  [
    'token create --until x',
    "unknown option '--until'; known are --config, --help, --version, --jid, --scope, --expires, --label, --rate, --from",
  ],
  [
    '--until',
    "unknown option '--until'; known are --config, --help, --version, --jid, --scope, --expires, --label, --rate, --from",
  ],
  ['start --config', '--config needs a FILE after it'],
  ['start --config=', '--config needs a FILE after it'],
  ['start --config --help', '--config needs a FILE after it'],
  ['token', 'say which: token create, token list, token revoke'],
  ['token make', 'say which: token create, token list, token revoke'],
  ['token revoke', 'token revoke needs an ID after it'],
  ['token revoke a b', "there is one word too many: 'b'"],
  ['token list a', "there is one word too many: 'a'"],
  ['token list --jid a', '--jid does not belong to token list'],
  ['start --label a', '--label does not belong to start'],
  ['token create --jid', '--jid needs a PATTERN after it'],
  ['check --help=yes', '--help takes no value'],
  [
    '\u001b[2J',
    "unknown command '\\u{1b}[2J'; known are start, check, schema, token create, token list, token revoke, help, version",
  ],
] as const;

const wordsOf = (line: string) => line.split(' ').filter(word => word !== '');

describe('the command line', () => {
  for (const [line, request] of UNDERSTOOD) {
    it(`'${line}' is understood`, () => assert.deepEqual(readCommandLine(wordsOf(line)), request));
  }

  for (const [line, reason] of REFUSED) {
    it(`${JSON.stringify(line)} is refused`, () => assert.deepEqual(readCommandLine(wordsOf(line)), { reason }));
  }
});

describe('the help', () => {
  it('of a command names its own options alone', () => {
    assert.match(
      helpText('token revoke'),
      /^Usage: npm run -s token -- revoke ID \[OPTIONS\]\n\nTo end an API token at once\./,
    );
    assert.match(helpText('token create'), /^ {2}--jid PATTERN {2,}\S/m);
    for (const text of [helpText('start'), helpText('token list')]) {
      assert.match(text, /^ {2}-c, --config FILE {2,}\S/m);
      assert.ok(!text.includes('--jid'));
    }
  });

  it('names every command, option and exit code', () => {
    for (const word of [
      'start',
      'check',
      'help',
      'version',
      '-c, --config FILE',
      'token revoke ID',
      '--jid PATTERN',
      '0',
      '1',
      '2',
      '70',
      '130',
      '143',
    ]) {
      assert.match(helpText(), new RegExp(`^  ${word} {2,}\\S`, 'm'));
    }
  });
});
