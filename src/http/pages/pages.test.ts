/**
 * The pages: texts stay texts, and colours can be told apart.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { escapeHtml, html } from './html.ts';
import { sourceOf } from './page.ts';
import { STYLE } from './style.ts';

test('no text becomes markup', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...`<>"'&;=/a b`) }), text => {
      const written = String(html`<p title="${text}">${text}</p>`);
      assert.equal(written, `<p title="${escapeHtml(text)}">${escapeHtml(text)}</p>`);
      assert.ok(!/[<>"']/.test(escapeHtml(text)));
    }),
  );
  assert.equal(String(html`a${html`<b>${'<'}</b>`}${undefined}${[html`1`, html`2`]}`), 'a<b>&lt;</b>12');
});

test('the place of a redirect URI has a name in CSP, and brings no directive along', () => {
  assert.equal(sourceOf('https://app.example:8443/cb?x=1'), 'https://app.example:8443');
  assert.equal(sourceOf('http://127.0.0.1:49152/cb'), 'http://127.0.0.1:49152');
  assert.equal(sourceOf('http://[::1]:49152/cb'), 'http:');
  assert.equal(sourceOf('com.example.app:/cb'), 'com.example.app:');
  assert.equal(sourceOf('https://app.example/;script-src *'), 'https://app.example');
});

/** WCAG 2.2, relative luminance. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map(at => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

describe('contrast', () => {
  const blocks = [...STYLE.matchAll(/:root \{([^}]*)\}/g)].map(([, block = '']) => block);
  const PAIRS = [
    ['ink', 'paper', 4.5],
    ['quiet', 'paper', 4.5],
    ['accent', 'paper', 4.5],
    ['on-accent', 'accent', 4.5],
    ['problem', 'problem-paper', 4.5],
    ['ink', 'page', 4.5],
    ['field', 'paper', 3],
  ] as const;

  for (const [index, light] of ['by light', 'in the dark'].entries()) {
    test(`is enough ${light}`, () => {
      const colours = new Map(
        [...(blocks[index] ?? '').matchAll(/--([a-z-]+): (#[0-9a-f]{6})/g)].map(([, name = '', value = '']) => [
          name,
          value,
        ]),
      );
      for (const [one, other, least] of PAIRS) {
        const found = contrast(colours.get(one) ?? '', colours.get(other) ?? '');
        assert.ok(found >= least, `${one} on ${other}: ${found.toFixed(2)}`);
      }
    });
  }
});
