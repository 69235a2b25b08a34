/**
 * The bots of the document that describes mod_rest, unmodified, behind the gateway: a user of slixmpp talks to them through
 * Prosody, ejabberd and the embedded host.
 *
 * The bots are told of what a component's domain and its addresses get. The embedded host has accounts of its own, so that
 * a bot is the domain itself there, and what a domain answers for itself it is not asked.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { childElements, childNamed, type Element } from '../../src/xml/element.ts';
import { childText, newId } from '../black-box/house.ts';
import { ejabberdPlace, embeddedPlace, type Place, prosodyPlace } from '../black-box/places.ts';
import { FlaskBot, flaskPrograms, NO_BOTS } from '../support/flask-bot.ts';
import { having, type Peer, until } from '../support/peer.ts';
import { connectSlixmpp } from '../support/slixmpp-peer.ts';

const PLACES = {
  'a component of Prosody': prosodyPlace,
  'a component of ejabberd': ejabberdPlace,
  'the embedded host': embeddedPlace,
} as const;

const [XML_BOT = '', JSON_BOT = ''] = flaskPrograms();

/** Each bot, how the document says that it is configured, and what it says. */
const BOTS = {
  'the bot that speaks XML': { program: XML_BOT, keys: {}, says: 'Yes this is bot' },
  'the bot that speaks JSON': { program: JSON_BOT, keys: { content_type: 'application/json' }, says: 'hello' },
} as const;

/** Requests that neither bot knows: they answer 501. */
const REQUESTS: Readonly<Record<string, string>> = {
  'a command': "<command xmlns='http://jabber.org/protocol/commands' node='uptime'/>",
  'something unheard of': "<query xmlns='urn:example:unheard'><item a='1'>&lt;</item></query>",
};

/** Requests of the same kind, which a domain answers itself where no server stands before it. */
const QUESTIONS: Readonly<Record<string, string>> = {
  'a ping': "<ping xmlns='urn:xmpp:ping'/>",
  'a question for the version': "<query xmlns='jabber:iq:version'/>",
  'a question for what it can': "<query xmlns='http://jabber.org/protocol/disco#info'/>",
};

/** Type and condition of an error stanza. */
function errorOf(stanza: Element): readonly (string | undefined)[] {
  const error = childNamed(stanza, 'error');
  return [stanza.attrs['type'], error && childElements(error)[0]?.name];
}

async function assertTalks(bob: Peer, bot: string, says: string): Promise<void> {
  const id = newId();
  bob.send(`<message to='${bot}' type='chat' id='${id}'><body>Hello &amp; goodbye</body></message>`);
  const isReply = ({ name, attrs }: Element) => name === 'message' && attrs['from'] === bot;
  const reply = await bob.next(isReply, `the reply of ${bot}`);
  assert.equal(childText(reply, 'body'), says);
}

async function assertKnowsNothing(bob: Peer, bot: string, requests: typeof REQUESTS): Promise<void> {
  for (const [what, payload] of Object.entries(requests)) {
    for (const type of ['get', 'set']) {
      const id = newId();
      bob.send(`<iq to='${bot}' type='${type}' id='${id}'>${payload}</iq>`);
      const answer = await bob.next(having({ id }), `the answer to ${what} (${type})`);
      assert.equal(answer.attrs['from'], bot);
      assert.deepEqual(errorOf(answer), ['error', 'feature-not-implemented'], `${what} (${type})`);
    }
  }
}

/** Nobody answers an error or a result, and a directed presence gets the error of a bot that does not know it. */
async function assertKeepsTheRules(bob: Peer, bot: string): Promise<void> {
  bob.send(
    `<message to='${bot}' type='error' id='e1'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`,
  );
  bob.send(`<iq to='${bot}' type='result' id='r1'/>`);
  bob.send(`<presence to='${bot}' id='p1'/>`);
  const refused = await bob.next(having({ from: bot }), 'the error of a presence');
  assert.equal(refused.name, 'presence');
  assert.deepEqual(errorOf(refused), ['error', 'feature-not-implemented']);
  bob.send(`<message to='${bob.jid}' id='end'><body>the last one</body></message>`);
  const others = (await until(bob, 'end')).filter(({ attrs }) => attrs['from'] === bot);
  assert.deepEqual(others, []);
}

for (const [where, open] of Object.entries(PLACES)) {
  describe(`the Flask bots at ${where}`, { timeout: 180_000, skip: NO_BOTS }, () => {
    for (const [name, { program, keys, says }] of Object.entries(BOTS)) {
      it(`${name} answers a user`, async () => {
        await using place: Place = await open();
        await using bot = await FlaskBot.start(program);
        await using gateway = await place.start({ callback: { url: bot.url, ...keys } });
        await using bob = await connectSlixmpp(place.login(gateway));
        // What the server said at the login.
        bob.takeAll();
        const { own, isComponent } = place;
        for (const address of isComponent ? [own, `bot@${own}`, `bot@${own}/flask`] : [own]) {
          await assertTalks(bob, address, says);
          await assertKnowsNothing(bob, address, isComponent ? { ...REQUESTS, ...QUESTIONS } : REQUESTS);
          await assertKeepsTheRules(bob, address);
        }
      });
    }
  });
}
