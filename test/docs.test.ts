/**
 * The documentation tells the truth: what it says about keys, errors and examples is what the program does.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { errorBody } from '../src/bridge/error-body.ts';
import { KEYS } from '../src/config/keys.ts';
import type { Row } from '../src/config/row.ts';
import { ERRORS, type ErrorRow, RestanzaError } from '../src/errors.ts';
import { CONFIG_PAGE, withKeyTables } from './support/config-page.ts';
import { loadWritten } from './support/configuration.ts';

const configPage = await readFile(CONFIG_PAGE, 'utf8');
const errorsPage = await readFile(new URL('../docs/errors.md', import.meta.url), 'utf8');

/** The contents of the fenced blocks of a language. */
function blocks(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, content = '']) => content);
}

describe('docs/config.md', () => {
  it('has the tables of keys that the program has', () => {
    assert.equal(configPage, withKeyTables(configPage), 'a table is old; write it anew with: npm run docs');
  });

  it('has examples that the program takes', async () => {
    const examples = blocks(configPage, 'yaml');
    assert.equal(examples.length, 8);
    for (const yaml of examples) {
      // The examples name files of another machine; what they hold is not the point here.
      const here = yaml
        .replaceAll(/(secret|password)_file: \S+/g, '$1_file: secret')
        .replaceAll(/ +ca_file: .*\n/g, '');
      const secret = `whsec_${Buffer.alloc(32).toString('base64')}`;
      const { lines } = await loadWritten({ yaml: here, files: { secret } });
      assert.deepEqual(lines, [], yaml);
    }
  });

  it('shows a fault as the program shows it', async () => {
    const [yaml = ''] = blocks(configPage, 'yaml');
    const { lines } = await loadWritten({ yaml: yaml.replace('secret:', 'sekret:') });
    assert.equal(lines.length, 1);
    assert.ok(configPage.includes(`\n    ${lines.join('')}\n`), lines.join('\n'));
  });

  it('has an example of every key that is one', async () => {
    for (const [key, { form, example }] of Object.entries<Row>(KEYS)) {
      assert.notEqual(form.read(example, '/'), undefined, `${key}: ${example}`);
    }
  });
});

/** The rows of the tables of codes: the code and the cells after it. */
function codeRows(page: string): [code: string, cells: string[]][] {
  return [...page.matchAll(/^\| `([a-z-]+)` \|(.*)\|$/gm)].map(([, code = '', rest = '']) => {
    return [code, rest.split('|').map(cell => cell.trim())];
  });
}

describe('docs/errors.md', () => {
  const rows = codeRows(errorsPage);

  it('has every code once, and no other', () => {
    assert.deepEqual(rows.map(([code]) => code).sort(), Object.keys(ERRORS).sort());
  });

  for (const [code, { status, type, condition }] of Object.entries<ErrorRow>(ERRORS)) {
    it(`says of ${code} what the program does, when it comes and what to do`, () => {
      const [, cells = []] = rows.find(([known]) => known === code) ?? [];
      const [when, remedy, ...more] = cells.slice(3);
      assert.deepEqual(cells.slice(0, 3), [String(status), type, condition]);
      assert.match(when ?? '', /^[A-Z`].*\.$/);
      assert.match(remedy ?? '', /^[A-Z].*\.$/);
      assert.deepEqual(more, []);
    });
  }

  it('shows the bodies that the program sends', () => {
    const error = new RestanzaError('to-invalid', "'to' is missing; a component must name the recipient");
    const [json = ''] = blocks(errorsPage, 'json');
    assert.deepEqual(JSON.parse(json), JSON.parse(errorBody(error, undefined).body));
    const [xml = ''] = blocks(errorsPage, 'xml');
    assert.equal(xml.replaceAll(/\n */g, ''), errorBody(error, 'application/xmpp+xml').body);
  });
});
