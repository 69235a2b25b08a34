/**
 * Black box: a message or a presence that is posted arrives, once and as it was written.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { childNamed } from '../../src/xml/element.ts';
import { escapeText } from '../../src/xml/write.ts';
import { childText, type House, newId } from './house.ts';

/** Texts that a careless writer of XML or JSON would change. */
const TEXTS: Readonly<Record<string, string>> = {
  'the end of a CDATA section': 'a]]>b ]]&gt; <![CDATA[c]]>',
  markup: `<b a="1" b='2'>&amp; &lt; &#65; &nbsp;</b></body></message><message/>`,
  'characters beyond U+FFFF': '\u{1F600} \u{1F468}\u200D\u{1F469}\u200D\u{1F467} \u{2F800} \u{10FFFD}',
  'line ends': 'one\ntwo\r\nthree\rfour\n\n',
  'line and paragraph separators': 'a\u2028b\u2029c\u0085d',
  'white space around': ' \t x \n ',
  'a byte order mark inside': 'a\uFEFFb\uFFFD',
  'right to left and combining': '\u202Eabc\u202C e\u0301 \u05E9\u05DC\u05D5\u05DD',
};

/** Registers the tests of this file. */
export function deliveryCases(house: () => House): void {
  messages(house);
  texts(house);
  presence(house);
}

function messages(house: () => House): void {
  it('delivers a message that is posted as XML, once and as it was', async () => {
    const { bob, backend } = house();
    const id = newId();
    const reply = await house().xml(
      `<message to='${bob.jid}' type='chat' id='${id}' xml:lang='de'><body>Guten Tag</body><x xmlns='urn:example:x' a='1'/></message>`,
    );
    assert.deepEqual([reply.status, reply.text], [202, '']);
    const message = await house().arrived(id);
    const { to, from, type, 'xml:lang': lang } = message.attrs;
    assert.deepEqual(
      { name: message.name, to, from, type, lang },
      {
        name: 'message',
        to: bob.jid,
        from: backend.from,
        type: 'chat',
        lang: 'de',
      },
    );
    assert.equal(childText(message, 'body'), 'Guten Tag');
    assert.equal(childNamed(message, 'x', 'urn:example:x')?.attrs['a'], '1');
    await house().nothingElse();
  });

  it('delivers a message that is posted as JSON, once and as it was', async () => {
    const { bob, backend } = house();
    const id = newId();
    const keys = { type: 'headline', lang: 'fr', body: 'Bonjour', subject: 'Salut' };
    const reply = await house().json({ kind: 'message', to: bob.jid, id, ...keys });
    assert.deepEqual([reply.status, reply.text], [202, '']);
    const message = await house().arrived(id);
    const { to, from, type, 'xml:lang': lang } = message.attrs;
    assert.deepEqual({ to, from, type, lang }, { to: bob.jid, from: backend.from, type: 'headline', lang: 'fr' });
    assert.deepEqual([childText(message, 'body'), childText(message, 'subject')], ['Bonjour', 'Salut']);
    await house().nothingElse();
  });

  it('gives a message without an id one of its own', async () => {
    const { bob } = house();
    const body = newId();
    await house().json({ to: bob.jid, body });
    const message = await bob.next(stanza => childText(stanza, 'body') === body, 'the message');
    assert.match(message.attrs['id'] ?? '', /^.{16,}$/);
    await house().nothingElse();
  });
}

function texts(house: () => House): void {
  for (const [what, text] of Object.entries(TEXTS)) {
    it(`keeps ${what} in a text, from JSON and from XML`, async () => {
      const { bob, backend } = house();
      const [json, xml] = [newId(), newId()];
      const replies = [
        await house().json({ kind: 'message', to: bob.jid, id: json, body: text }),
        await house().xml(`<message to='${bob.jid}' id='${xml}'><body>${escapeText(text)}</body></message>`),
      ];
      assert.deepEqual(
        replies.map(({ status }) => status),
        [202, 202],
      );
      for (const id of [json, xml]) {
        assert.equal(childText(await house().arrived(id), 'body'), backend.relayed(text));
      }
      await house().nothingElse();
    });
  }
}

function presence(house: () => House): void {
  it('delivers presence, from JSON and from XML', async () => {
    const { bob, backend } = house();
    const [json, xml, gone] = [newId(), newId(), newId()];
    const replies = [
      await house().json({ kind: 'presence', to: bob.jid, id: json, show: 'away', status: 'out', priority: 5 }),
      await house().xml(`<presence to='${bob.jid}' id='${xml}'><show>dnd</show></presence>`),
      await house().json({ kind: 'presence', type: 'unavailable', to: bob.jid, id: gone }),
    ];
    assert.deepEqual(
      replies.map(({ status }) => status),
      [202, 202, 202],
    );
    const away = await house().arrived(json);
    assert.deepEqual([away.name, away.attrs['from'], away.attrs['type']], ['presence', backend.from, undefined]);
    assert.deepEqual(
      ['show', 'status', 'priority'].map(name => childText(away, name)),
      ['away', 'out', '5'],
    );
    assert.equal(childText(await house().arrived(xml), 'show'), 'dnd');
    assert.equal((await house().arrived(gone)).attrs['type'], 'unavailable');
    await house().nothingElse();
  });
}
