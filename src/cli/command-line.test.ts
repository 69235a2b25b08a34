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
  ['check -h', { command: 'help' }],
  ['version', { command: 'version' }],
  ['-v', { command: 'version' }],
] as const;

const REFUSED = [
  ['', 'say what to do: start, check, schema, help, version'],
  ['strat', "unknown command 'strat'; did you mean 'start'?"],
  ['toString', "unknown command 'toString'; known are start, check, schema, help, version"],
  ['start now', "there is one word too many: 'now'"],
  ['start --confg a', "unknown option '--confg'; did you mean '--config'?"],
  ['start -x', "unknown option '-x'; known are --config, --help, --version"],
  ['start --__proto__', "unknown option '--__proto__'; known are --config, --help, --version"],
  ['start --config', '--config needs a FILE after it'],
  ['start --config=', '--config needs a FILE after it'],
  ['start --config --help', '--config needs a FILE after it'],
  ['check --help=yes', '--help takes no value'],
  ['\u001b[2J', "unknown command '\\u{1b}[2J'; known are start, check, schema, help, version"],
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
  it('names every command, option and exit code', () => {
    for (const word of ['start', 'check', 'help', 'version', '-c, --config FILE', '0', '1', '2', '70', '130', '143']) {
      assert.match(helpText(), new RegExp(`^  ${word} {2,}\\S`, 'm'));
    }
  });
});
