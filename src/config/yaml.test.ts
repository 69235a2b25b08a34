import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { loadWritten } from '../../test/support/configuration.ts';
import { ConfigError } from './problem.ts';
import { readYaml } from './yaml.ts';

const CANARY = 'canary-Zq7';

/** Text that is not YAML, or not the YAML that is understood, and the first line that is printed about it. */
const REFUSED: Readonly<Record<string, readonly [yaml: string, line: string]>> = {
  'a tab that indents': ['log:\n\tlevel: info\n', '2:1: a tab cannot indent; use spaces'],
  'an address of IPv6 without quotes': [
    'listen: [::1]:5280\n',
    '1:14: this cannot stand here; a value that begins with a bracket must stand in quotes',
  ],
  'an open quote': [`listen: "${CANARY}\n`, '1:9: the quote that opens here is not closed'],
  'an open quote that another one closes': [
    'listen: "127.0.0.1:1\nlog: { level: "info" }\n',
    '1:9: the quote that opens here is not closed',
  ],
  'an open bracket': ['trusted_proxies: ["::1",\nlog:\n', '1:18: the bracket that opens here is not closed'],
  'an unknown escape': [
    'listen: "\\q"\n',
    '1:10: there is no such escape; write \\\\ for a backslash, or use single quotes',
  ],
  'a tag': [`listen: !${CANARY} x\n`, '1:9: tags are not understood; put a value that begins with ! in quotes'],
  'binary content': [
    'listen: !!binary aGk=\n',
    '1:9: tags are not understood; put a value that begins with ! in quotes',
  ],
  'a directive': [`%${CANARY}\n---\nlisten: x\n`, '1:1: directives are not understood; remove the line'],
  'two documents': ['log:\n---\nlog:\n', "2:1: only one document is read; remove the line '---' and what follows"],
  'a value with a reserved character': [
    `listen: @${CANARY}\n`,
    '1:9: a value that begins with this character must stand in quotes',
  ],
  'a colon in a value': [`listen: ${CANARY}: b\n`, "1:9: a value that holds ': ' must stand in quotes"],
  'a key over several lines': ['"a\nb": c\n', '1:1: a key stands on one line, with a colon after it'],
  'a key that is a group': ['{a: b}: c\n', '1:1: a key must be a word'],
  'wrong indentation': ['log:\n    level: info\n  x: y\n', '3:1: the indentation does not fit the lines above'],
  'an alias in a list': [
    `trusted_proxies: [::1, *${CANARY}]\n`,
    '1:24: trusted_proxies: aliases are not understood; write the value itself, in quotes if it begins with *',
  ],
  'a star without quotes': [
    'hosts: { a.example: { cors: * } }\n',
    '1:29: an alias needs a name; put a value that begins with * in quotes',
  ],
  'a list in a list': [
    `trusted_proxies: [[${CANARY}]]\n`,
    '1:18: trusted_proxies: expected a list of IP addresses and networks, for example [127.0.0.1, 10.0.0.0/8]',
  ],
  'a list where one value stands': [
    `iq_timeout: [1, ${CANARY}]\n`,
    '1:13: iq_timeout: expected a whole number of seconds from 1 to 86400, for example 60',
  ],
  'an alias': [
    `listen: *${CANARY}\n`,
    '1:9: listen: aliases are not understood; write the value itself, in quotes if it begins with *',
  ],
};

async function linesOf(yaml: string | Uint8Array): Promise<readonly string[]> {
  return (await loadWritten({ yaml })).lines;
}

describe('a file', () => {
  for (const [name, [yaml, line]] of Object.entries(REFUSED)) {
    it(`is refused for ${name}`, async () => {
      const lines = await linesOf(yaml);
      assert.equal(lines[0], `restanza.yaml:${line}`);
      assert.ok(!lines.join().includes(CANARY), 'what stands in the file is not quoted');
    });
  }

  for (const [name, bytes, line] of [
    ['random bytes', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff]), '1:1: it is not UTF-8 text'],
    ['UTF-16', Buffer.from('listen: x', 'utf16le'), '1:1: expected the keys listen, data, log'],
    ['more than 256 KiB', Buffer.alloc(262_145, '#'), '1:1: it is larger than 262144 bytes'],
  ] as const) {
    it(`is refused for ${name}`, async () => {
      assert.ok((await linesOf(bytes))[0]?.startsWith(`restanza.yaml:${line}`));
    });
  }

  it('may begin with a byte order mark and have any line ends', async () => {
    const { loaded } = await loadWritten({ yaml: '\ufefflog:\r\n  level: warn\r\n' });
    assert.equal(loaded?.config.log.level, 'warn');
  });

  for (const [name, yaml] of Object.entries({
    'on one line': 'trusted_proxies: [10.0.0.0/8, "::1"]\n',
    'over several lines': 'trusted_proxies:\n  - 10.0.0.0/8\n  - ::1\n',
    'as a text with commas': 'trusted_proxies: 10.0.0.0/8, ::1\n',
  })) {
    it(`may have a list ${name}`, async () => {
      const { loaded, lines } = await loadWritten({ yaml });
      assert.deepEqual(lines, []);
      assert.deepEqual(loaded?.config.trusted_proxies, ['10.0.0.0/8', '::1']);
    });
  }

  it('may name its values with anchors that nobody uses', async () => {
    const { loaded } = await loadWritten({ yaml: 'log: &a { level: &b warn }\n' });
    assert.equal(loaded?.config.log.level, 'warn');
  });
});

/** Files of at most 256 KiB that are made to cost time or memory, or to reach what they should not. */
const HOSTILE: Readonly<Record<string, string>> = {
  'aliases of aliases': `a: &a [${'x,'.repeat(9)}]\n${'bcdefghij'
    .split('')
    .map((name, index) => `${name}: &${name} [${`*${'abcdefghi'[index]},`.repeat(9)}]\n`)
    .join('')}`,
  'a cycle': 'hosts: &a\n  x.example: *a\n',
  'nested flow sequences': '['.repeat(262_144),
  'nested block sequences': '- '.repeat(131_072),
  'nested keys': '? '.repeat(131_072),
  'nested flow mappings': '{a: '.repeat(65_536),
  'many keys': Array.from({ length: 20_000 }, (_, index) => `k${index}: v\n`).join(''),
  'many hosts': `hosts:\n${Array.from({ length: 6_000 }, (_, index) => `  h${index}.example: { embedded: 1 }\n`).join('')}`,
  'many faults': 'a: "\n'.repeat(50_000),
  'a long line': `listen: ${'x'.repeat(262_000)}`,
  'a long key': `${'k'.repeat(1000)}: 1\n${'? '}${'k'.repeat(200_000)}\n: 1`,
  prototypes: '__proto__: { listen: x }\nconstructor: { prototype: { x: 1 } }\nhosts: { __proto__: { embedded: } }\n',
  'a merge key': '<<: { listen: 127.0.0.1:1 }\n',
  'control characters': 'lis\u001b[31mten: "x\\0\\e[2J"\n"a\\nb\\u2028c\\u202e": 1\n',
};

describe('a hostile file', () => {
  for (const [name, yaml] of Object.entries(HOSTILE)) {
    it(`(${name}) is refused in time, with lines that are safe to print`, { timeout: 20_000 }, async () => {
      assert.ok(Buffer.byteLength(yaml) <= 262_144, 'it is not refused for its size alone');
      const lines = await linesOf(yaml);
      assert.ok(lines.length > 0);
      assert.match(lines.join(''), /^[^\p{C}\p{Zl}\p{Zp}]*$/u);
      assert.ok(lines.every(line => /^restanza\.yaml:[0-9]+:[0-9]+: /.test(line) && line.length < 1000));
      assert.equal(Reflect.get({}, 'listen'), undefined);
    });
  }

  it('is refused with a ConfigError or read, whatever it holds', () => {
    const piece = fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '-',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '&',
      '*',
      '!',
      '|',
      '>',
      '%',
      '#',
      '?',
      ',',
      '\t',
      '\0',
      'hosts',
      'listen',
      '\ufeff',
      '---',
      '__proto__',
      '1',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), pieces => {
        try {
          readYaml(pieces.join(''), 'f');
        } catch (error) {
          assert.ok(error instanceof ConfigError, String(error));
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
