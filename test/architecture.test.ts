/**
 * The walls of the house (docs/architecture.md): who imports whom, who may touch sockets and databases, and how each
 * source file looks. The rules are tried on made-up sources first, so that a rule that finds nothing is known to work.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import {
  cycleFaults,
  docstringFaults,
  fileFaults,
  importsOf,
  orderFaults,
  type Privilege,
  privilegeFaults,
  roomOf,
  type Sources,
  targetOf,
} from './support/source-rules.ts';

/** The rooms from left to right. Imports go to the left; rooms in one row never import each other. */
const ORDER = [
  ['errors', 'log', 'sqlite', 'version'],
  ['xml'],
  ['xmpp'],
  ['link', 'mapping', 'auth'],
  ['bridge'],
  ['host', 'journal'],
  ['delivery', 'oauth'],
  // Nothing but what builds the program reads the configuration.
  ['http', 'config'],
  ['compose'],
  ['cli'],
  ['main'],
];

const PRIVILEGES: readonly Privilege[] = [
  { modules: ['node:net', 'node:tls', 'net', 'tls'], allows: path => roomOf(path) !== 'http' },
  {
    modules: ['node:sqlite'],
    allows: path =>
      ['journal', 'sqlite'].includes(roomOf(path)) ||
      path.startsWith('link/server/accounts') ||
      path === 'auth/token-store.ts',
  },
];

const SRC = new URL('../src/', import.meta.url);
const SOURCES: Sources = new Map(
  readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .map(path => path.replaceAll('\\', '/'))
    .filter(path => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .map(path => [path, readFileSync(new URL(path, SRC), 'utf8')]),
);

describe('the sources', () => {
  test('are there', () => {
    assert.ok(SOURCES.size > 20);
    assert.ok(SOURCES.has('xml/parse.ts'));
  });

  test('import only rooms to their left', () => {
    assert.deepStrictEqual(orderFaults(SOURCES, ORDER), []);
  });

  test('import nothing in a circle', () => {
    assert.deepStrictEqual(cycleFaults(SOURCES), []);
  });

  test('leave sockets and databases to those who own them', () => {
    assert.deepStrictEqual(privilegeFaults(SOURCES, PRIVILEGES), []);
  });

  test('have a name, a size and an opening', () => {
    assert.deepStrictEqual(
      [...SOURCES].flatMap(([path, source]) => fileFaults(path, source)),
      [],
    );
  });

  test('document every exported function', () => {
    assert.deepStrictEqual(
      [...SOURCES].flatMap(([path, source]) => docstringFaults(path, source)),
      [],
    );
  });
});

/** Made-up sources, each given by the modules that it imports. */
function madeUp(imports: Readonly<Record<string, readonly string[]>>): Sources {
  const source = (modules: readonly string[]) => modules.map(module => `import { a } from '${module}';\n`).join('');
  return new Map(Object.entries(imports).map(([path, modules]) => [path, source(modules)]));
}

describe('the rules', () => {
  test('see every form of import, and no other text', () => {
    const source = [
      "import a from 'a';",
      "import type { B } from 'b';",
      'import {',
      '  type C,',
      '  d,',
      "} from './c.ts';",
      "import 'd';",
      "export { e } from 'e';",
      "export type * from 'f';",
      "import * as g from 'g';",
      "import type from 'h';",
      "const i = await import('./i.ts');",
      "const j = 'j'; // import j from 'k'",
      "export const l = 'l';",
      "export function m() { return 'm'; }",
    ].join('\n');
    const found = importsOf(source).map(({ specifier, typeOnly }) => (typeOnly ? `type ${specifier}` : specifier));
    assert.deepStrictEqual(found, ['a', 'type b', './c.ts', 'd', 'e', 'type f', 'g', 'h', './i.ts']);
  });

  test('know what a relative import means', () => {
    assert.strictEqual(targetOf('link/server/session.ts', '../../xml/parse.ts'), 'xml/parse.ts');
    assert.strictEqual(targetOf('main.ts', './compose.ts'), 'compose.ts');
    assert.strictEqual(targetOf('main.ts', 'node:fs'), undefined);
  });

  test('find an import to the right, to a sibling, from and to a room that is not known', () => {
    const faults = orderFaults(
      madeUp({
        'xml/a.ts': ['../xmpp/b.ts', './c.ts', '../errors.ts', 'saxes'],
        'link/server/a.ts': ['../b.ts', '../../mapping/c.ts', '../../xmpp/d.ts'],
        'http/a.ts': ['../config/b.ts', '../bridge/c.ts'],
        'log.ts': ['./errors.ts'],
        'main.ts': ['./config/a.ts', './compose.ts', './other/b.ts'],
        'other/a.ts': ['../errors.ts'],
      }),
      ORDER,
    );
    assert.deepStrictEqual(faults, [
      'xml/a.ts imports xmpp/b.ts, which is not to its left',
      'link/server/a.ts imports mapping/c.ts, which is not to its left',
      'http/a.ts imports config/b.ts, which is not to its left',
      'log.ts imports errors.ts, which is not to its left',
      "other/a.ts: the room 'other' has no place in the order",
    ]);
  });

  test('find a cycle, long or short, and only a cycle', () => {
    const straight = { 'a.ts': ['./b.ts', './c.ts'], 'b.ts': ['./c.ts'], 'c.ts': ['node:fs', './d.ts'] };
    assert.deepStrictEqual(cycleFaults(madeUp(straight)), []);
    assert.match(cycleFaults(madeUp({ 'a.ts': ['./a.ts'] })).join(), /cycle among, or behind, a\.ts$/);
    const circle = { 'x/a.ts': ['./b.ts'], 'x/b.ts': ['../y/c.ts'], 'y/c.ts': ['../x/a.ts'], 'y/d.ts': [] };
    assert.match(cycleFaults(madeUp(circle)).join(), /x\/a\.ts, x\/b\.ts, y\/c\.ts$/);
  });

  test('find a socket in http and a database out of its place, and let types pass', () => {
    const sources = new Map([
      ...madeUp({
        'http/a.ts': ['node:net', 'node:http'],
        'link/a.ts': ['node:tls', 'node:sqlite'],
        'link/server/accounts.ts': ['node:sqlite'],
        'journal/sqlite.ts': ['node:sqlite'],
      }),
      ['http/b.ts', "import type { Socket } from 'node:net';\n"],
    ]);
    assert.deepStrictEqual(privilegeFaults(sources, PRIVILEGES), [
      'http/a.ts must not import node:net',
      'link/a.ts must not import node:sqlite',
    ]);
  });

  test('find a file with a wrong name, size or opening', () => {
    const opening = '/**\n * One line,\n * and another.\n */\n';
    const cases: readonly [string, string, RegExp | undefined][] = [
      ['xml/parse.ts', opening, undefined],
      ['main.ts', `#!/usr/bin/env node\n${opening}`, undefined],
      ['xml/a-b2.ts', opening + 'x\n'.repeat(296), undefined],
      ['xml/a.ts', opening + 'x\n'.repeat(297), /has 301 lines/],
      ['xml/utils.ts', opening, /says nothing/],
      ['xml/types.ts', opening, /says nothing/],
      ['helpers/a.ts', opening, /says nothing/],
      ['xml/parseXml.ts', opening, /kebab case/],
      ['xml/a.ts', '/**\n * One line.\n */\n', /open with/],
      ['xml/a.ts', '/** One line. */\n', /open with/],
      ['xml/a.ts', `import 'a';\n${opening}`, /open with/],
      ['xml/a.ts', '// One line,\n// and another.\n', /open with/],
      ['xml/a.ts', '', /open with/],
    ];
    for (const [path, source, fault] of cases) {
      const faults = fileFaults(path, source);
      if (fault === undefined) assert.deepStrictEqual(faults, [], path);
      else assert.match(faults.join(), fault, path);
    }
  });

  test('find an exported function without docstring', () => {
    const documented = [
      '/** Does a. */\nexport function a(b: string): void {}',
      '/**\n * Does c.\n */\nexport async function c() {}',
      '/** Gives d. */\nexport function* d() {}',
      '/** Overloaded. */\nexport function e(f: string): void;\nexport function e(f: number): void;\nexport function e() {}',
      '/** Does g. */\nexport const g = (h: string) => h;',
      "export const I = 'i';\nexport const J = [1, 2].map(k => k);\nfunction l() {}",
    ];
    for (const source of documented) assert.deepStrictEqual(docstringFaults('a.ts', `${source}\n`), []);
    const bare = [
      'export function a() {}',
      '// Does a.\nexport function a() {}',
      '/** Does a. */\n\nexport function a() {}',
      'export async function a() {}',
      'export function* a() {}',
      'export const a = (b: string): string => b;',
      'export const a: Reader = async b => b;',
      '/** Does b. */\nexport function b() {}\nexport function a() {}',
    ];
    for (const source of bare)
      assert.deepStrictEqual(docstringFaults('a.ts', `${source}\n`), ['a.ts: a has no docstring']);
  });
});
