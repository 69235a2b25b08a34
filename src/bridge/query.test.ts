/**
 * What a GET asks: the query and its parameters as an iq.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErrorCode } from '../errors.ts';
import { IQ } from '../mapping/iq.ts';
import { JSON_CODEC } from './json.ts';
import { readPath, readQueryPath } from './path.ts';
import { decodeQuery } from './query.ts';
import { XML_CODEC } from './xml.ts';

function ask(target: string) {
  const [path = '', search] = target.split('?');
  return decodeQuery(readQueryPath(path), search);
}

const iq = (payload: string, to = " to='example.com'", type = 'get') => `<iq${to} type='${type}'>${payload}</iq>`;
const MAM = 'urn:xmpp:mam:2';
const field = (name: string, ...values: readonly string[]) =>
  `<field var='${name}'>${values.map(value => `<value>${value}</value>`).join('')}</field>`;
const searched = (fields: string) =>
  `<query xmlns='${MAM}'><x xmlns='jabber:x:data' type='submit'>${field('FORM_TYPE', MAM)}${fields}</x></query>`;
const paged = (page: string) =>
  `<query xmlns='${MAM}'><set xmlns='http://jabber.org/protocol/rsm'>${page}</set></query>`;

const QUERIES: readonly (readonly [target: string, xml: string])[] = [
  ['ping/example.com', iq("<ping xmlns='urn:xmpp:ping'/>")],
  ['ping/example.com?x=y', iq("<ping xmlns='urn:xmpp:ping'/>")],
  ['ping/', iq("<ping xmlns='urn:xmpp:ping'/>", '')],
  ['version/example.com', iq("<query xmlns='jabber:iq:version'/>")],
  ['version/example.com?', iq("<query xmlns='jabber:iq:version'/>")],
  ['disco/example.com', iq("<query xmlns='http://jabber.org/protocol/disco#info'/>")],
  ['disco/example.com?node=a%26b', iq("<query xmlns='http://jabber.org/protocol/disco#info' node='a&amp;b'/>")],
  ['disco/example.com?node=true', iq("<query xmlns='http://jabber.org/protocol/disco#info' node='true'/>")],
  ['disco/example.com?node=a+b%2Bc', iq("<query xmlns='http://jabber.org/protocol/disco#info' node='a b+c'/>")],
  ['disco/example.com?node=a&node=b', iq("<query xmlns='http://jabber.org/protocol/disco#info' node='b'/>")],
  ['disco/example.com?node=a=b&other=c', iq("<query xmlns='http://jabber.org/protocol/disco#info' node='a=b'/>")],
  ['items/example.com?node=x', iq("<query xmlns='http://jabber.org/protocol/disco#items' node='x'/>")],
  ['extdisco/example.com?type=stun', iq("<services xmlns='urn:xmpp:extdisco:2' type='stun'/>")],
  ['lastactivity/example.com', iq("<query xmlns='jabber:iq:last'/>")],
  ['stats/example.com', iq("<query xmlns='http://jabber.org/protocol/stats'/>")],
  ['oob/example.com', iq("<query xmlns='jabber:iq:oob'/>")],
  ['payload/example.com?datatype=x', iq("<payload xmlns='urn:xmpp:json-msg:0' datatype='x'>null</payload>")],
  ['time/example.com', iq("<time xmlns='urn:xmpp:time'/>")],
  ['vcard/', iq("<vCard xmlns='vcard-temp'/>", '')],
  ['blocklist/', iq("<blocklist xmlns='urn:xmpp:blocking'/>", '')],
  ['roster/?ver=7', iq("<query xmlns='jabber:iq:roster' ver='7'/>", '')],
  [
    'register/example.com?username=u&remove=true',
    iq("<query xmlns='jabber:iq:register'><username>u</username><remove/></query>"),
  ],
  [
    'upload_request/example.com?filename=a.txt&size=10&content-type=text%2Fplain',
    iq("<request xmlns='urn:xmpp:http:upload:0' filename='a.txt' size='10' content-type='text/plain'/>"),
  ],
  [
    'command/example.com?node=uptime',
    iq("<command xmlns='http://jabber.org/protocol/commands' node='uptime'/>", undefined, 'set'),
  ],
  ['archive/', iq(`<query xmlns='${MAM}'/>`, '', 'set')],
  ['archive/?with=a@b', iq(searched(field('with', 'a@b')), '', 'set')],
  ['archive/?ids=1,2', iq(searched(field('ids', '1', '2')), '', 'set')],
  ['archive/?ids=1&ids=2,3', iq(searched(field('ids', '1', '2,3')), '', 'set')],
  ['archive/?max=10&before=', iq(paged('<before/><max>10</max>'), '', 'set')],
  ['get/example.com?ping=true', iq("<ping xmlns='urn:xmpp:ping'/>")],
  ['get/example.com?ping&x=', iq("<ping xmlns='urn:xmpp:ping'/>")],
  [
    'set/example.com?command=uptime&lang=de',
    "<iq to='example.com' type='set' xml:lang='de'>".concat(
      "<command xmlns='http://jabber.org/protocol/commands' node='uptime'/></iq>",
    ),
  ],
  // A key that is none of a payload leaves the iq empty, which is refused when it is sent.
  ['to/example.com', "<iq to='example.com' type='get'/>"],
  ['nothing/example.com', "<iq to='example.com' type='get'/>"],
  ['__proto__/example.com?a=b', "<iq to='example.com' type='get'/>"],
  ['toString/example.com', "<iq to='example.com' type='get'/>"],
  ['version/example.com?__proto__=a&constructor=b', iq("<query xmlns='jabber:iq:version'/>")],
];

for (const [target, xml] of QUERIES) {
  test(`GET ${target} asks ${xml}`, () => assert.equal(XML_CODEC.encode([ask(target)]), xml));
}

const REFUSED: readonly (readonly [target: string, code: ErrorCode, message: RegExp])[] = [
  ['disco/example.com?node', 'body-malformed', /name=value/],
  ['disco/example.com?&', 'body-malformed', /name=value/],
  ['disco/example.com?node=%', 'body-malformed', /the query string has a percent-encoding/],
  ['disco/example.com?node=%ff', 'body-malformed', /the query string has a percent-encoding/],
  ['disco/example.com?node=%00', 'value-invalid', /'disco\.node' holds/],
  ['upload_request/example.com?size=ten', 'value-invalid', /'upload_request\.size' must be an integer/],
  ['upload_request/example.com?size=-1', 'value-invalid', /'upload_request\.size' must be an integer from 0/],
  ['archive/?max=ten', 'value-invalid', /'archive\.max' must be an integer/],
  ['archive/?page=2', 'value-invalid', /'archive\.page' must be an object/],
  ['html/example.com', 'value-invalid', /'html' must be a string/],
  ['id/example.com', 'value-invalid', /'id' must be a string/],
  ['ping/%40', 'to-invalid', /'to'/],
  ['get/example.com?ping=maybe', 'value-invalid', /'ping' must be true or false/],
];

for (const [target, code, message] of REFUSED) {
  test(`GET ${target} is ${code}`, () => {
    assert.throws(() => ask(target), { name: 'RestanzaError', code, message });
  });
}

test('every key of an iq that only asks can be asked by GET', () => {
  const asking = Object.keys(IQ.rows).filter(key => {
    try {
      return ask(`${key}/example.com`).payload.length === 1;
    } catch {
      return false;
    }
  });
  const others = Object.keys(IQ.rows).filter(key => !asking.includes(key));
  // Texts, a choice of texts, and an error, which a request cannot have.
  assert.deepEqual(others, ['error', 'delay', 'nick', 'html', 'carbons', 'oob_url']);
});

test('a query that no key knows is reported', () => {
  const reported: string[] = [];
  decodeQuery(readQueryPath('nothing/a@b'), undefined, { onIgnored: keys => reported.push(...keys) });
  assert.deepEqual(reported, ['nothing']);
});

const POSTED: readonly (readonly [path: string, body: string, xml: string])[] = [
  ['iq/disco/example.com', '{}', iq("<query xmlns='http://jabber.org/protocol/disco#info'/>")],
  ['iq/disco/example.com', '{"node":"n"}', iq("<query xmlns='http://jabber.org/protocol/disco#info' node='n'/>")],
  ['iq/disco/example.com', '"n"', iq("<query xmlns='http://jabber.org/protocol/disco#info' node='n'/>")],
  ['iq/disco/example.com', 'null', iq("<query xmlns='http://jabber.org/protocol/disco#info'/>")],
  ['iq/ping/example.com', '{}', iq("<ping xmlns='urn:xmpp:ping'/>")],
  ['iq/ping/example.com', '{"to":"x@y"}', iq("<ping xmlns='urn:xmpp:ping'/>")],
  ['iq/stats/example.com', '{}', iq("<query xmlns='http://jabber.org/protocol/stats'/>")],
  ['iq/stats/example.com', '[]', iq("<query xmlns='http://jabber.org/protocol/stats'/>")],
  [
    'iq/set/example.com',
    '{"block":[{"jid":"a@b"}]}',
    iq("<block xmlns='urn:xmpp:blocking'><item jid='a@b'/></block>", undefined, 'set'),
  ],
];

for (const [path, body, xml] of POSTED) {
  test(`POST ${path} with ${body} asks ${xml}`, () => {
    const stanza = JSON_CODEC.decode(Buffer.from(body), { limit: 1000, path: readPath(path) });
    assert.equal(XML_CODEC.encode([stanza]), xml);
  });
}

test('a path alone is a stanza too', () => {
  const subscribe = decodeQuery(readPath('presence/subscribe/a@b'), undefined);
  assert.deepEqual(subscribe, { kind: 'presence', type: 'subscribe', to: 'a@b', payload: [] });
});
