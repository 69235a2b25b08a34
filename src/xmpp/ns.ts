/**
 * Namespaces by the name that we use for them, each with the document that defines it.
 *
 * Decides the spelling of each, once: nothing else in the program writes a namespace out.
 */
export const NS = {
  /** RFC 6120 §4.8.3: clients' stanzas; inside Restanza the namespace of every stanza. */
  client: 'jabber:client',
  /** XEP-0114: the same stanzas on a component's stream. */
  component: 'jabber:component:accept',
  /** RFC 6120 §4.8.1: the stream itself. */
  stream: 'http://etherx.jabber.org/streams',
  /** RFC 6120 §4.9.2: stream error conditions. */
  streamErrors: 'urn:ietf:params:xml:ns:xmpp-streams',
  /** RFC 6120 §8.3.2: stanza error conditions. */
  stanzaErrors: 'urn:ietf:params:xml:ns:xmpp-stanzas',
  /** RFC 6120 §5: STARTTLS. */
  tls: 'urn:ietf:params:xml:ns:xmpp-tls',
  /** RFC 6120 §6: SASL. */
  sasl: 'urn:ietf:params:xml:ns:xmpp-sasl',
  /** XEP-0388: SASL2. */
  sasl2: 'urn:xmpp:sasl:2',
  /** XEP-0440: types of channel binding. */
  saslBindings: 'urn:xmpp:sasl-cb:0',
  /** XEP-0478. */
  streamLimits: 'urn:xmpp:stream-limits:0',
  /** XEP-0484: FAST. */
  fast: 'urn:xmpp:fast:0',
  /** RFC 6120 §7: resource binding. */
  bind: 'urn:ietf:params:xml:ns:xmpp-bind',
  /** XEP-0386: Bind 2. */
  bind2: 'urn:xmpp:bind:0',
  /** RFC 3921 §3: session establishment, kept for old clients. */
  session: 'urn:ietf:params:xml:ns:xmpp-session',
  /** RFC 6121 §2: roster. */
  roster: 'jabber:iq:roster',
  /** XEP-0030 §3. */
  discoInfo: 'http://jabber.org/protocol/disco#info',
  /** XEP-0030 §4. */
  discoItems: 'http://jabber.org/protocol/disco#items',
  /** XEP-0092. */
  version: 'jabber:iq:version',
  /** XEP-0198. */
  management: 'urn:xmpp:sm:3',
  /** XEP-0199. */
  ping: 'urn:xmpp:ping',
  /** XEP-0045. */
  muc: 'http://jabber.org/protocol/muc',
  /** XEP-0045. */
  mucUser: 'http://jabber.org/protocol/muc#user',
  /** XEP-0045. */
  mucAdmin: 'http://jabber.org/protocol/muc#admin',
  /** XEP-0045. */
  mucOwner: 'http://jabber.org/protocol/muc#owner',
  /** XEP-0004. */
  dataForms: 'jabber:x:data',
  /** XEP-0012. */
  lastActivity: 'jabber:iq:last',
  /** XEP-0013. */
  offline: 'http://jabber.org/protocol/offline',
  /** XEP-0039. */
  stats: 'http://jabber.org/protocol/stats',
  /** XEP-0050. */
  commands: 'http://jabber.org/protocol/commands',
  /** XEP-0054. */
  vcard: 'vcard-temp',
  /** XEP-0060: what subscribers and publishers ask for. */
  pubsub: 'http://jabber.org/protocol/pubsub',
  /** XEP-0060: what owners ask for. */
  pubsubOwner: 'http://jabber.org/protocol/pubsub#owner',
  /** XEP-0060: what subscribers are told. */
  pubsubEvent: 'http://jabber.org/protocol/pubsub#event',
  /** XEP-0059. */
  rsm: 'http://jabber.org/protocol/rsm',
  /** XEP-0066 §2. */
  oobIq: 'jabber:iq:oob',
  /** XEP-0066 §3. */
  oob: 'jabber:x:oob',
  /** XEP-0071. */
  xhtmlIm: 'http://jabber.org/protocol/xhtml-im',
  /** XHTML 1.0. */
  xhtml: 'http://www.w3.org/1999/xhtml',
  /** XEP-0077. */
  register: 'jabber:iq:register',
  /** XEP-0085. */
  chatStates: 'http://jabber.org/protocol/chatstates',
  /** XEP-0100. */
  gateway: 'jabber:iq:gateway',
  /** XEP-0103. */
  urlData: 'http://jabber.org/protocol/url-data',
  /** XEP-0115. */
  caps: 'http://jabber.org/protocol/caps',
  /** XEP-0153. */
  vcardUpdate: 'vcard-temp:x:update',
  /** XEP-0172. */
  nick: 'http://jabber.org/protocol/nick',
  /** XEP-0184. */
  receipts: 'urn:xmpp:receipts',
  /** XEP-0191. */
  blocking: 'urn:xmpp:blocking',
  /** XEP-0202. */
  time: 'urn:xmpp:time',
  /** XEP-0203. */
  delay: 'urn:xmpp:delay',
  /** XEP-0215. */
  extdisco: 'urn:xmpp:extdisco:2',
  /** XEP-0249. */
  conference: 'jabber:x:conference',
  /** XEP-0264. */
  thumbs: 'urn:xmpp:thumbs:1',
  /** XEP-0280. */
  carbons: 'urn:xmpp:carbons:2',
  /** RFC 6351, used by XEP-0292. */
  vcard4: 'urn:ietf:params:xml:ns:vcard-4.0',
  /** XEP-0297. */
  forward: 'urn:xmpp:forward:0',
  /** XEP-0300. */
  hashes: 'urn:xmpp:hashes:2',
  /** XEP-0308. */
  correct: 'urn:xmpp:message-correct:0',
  /** XEP-0313. */
  archive: 'urn:xmpp:mam:2',
  /** XEP-0317. */
  hats: 'urn:xmpp:hats:0',
  /** XEP-0319. */
  idle: 'urn:xmpp:idle:1',
  /** XEP-0333. */
  chatMarkers: 'urn:xmpp:chat-markers:0',
  /** XEP-0334. */
  hints: 'urn:xmpp:hints',
  /** XEP-0359. */
  sid: 'urn:xmpp:sid:0',
  /** XEP-0363. */
  upload: 'urn:xmpp:http:upload:0',
  /** XEP-0367. */
  attaching: 'urn:xmpp:message-attaching:1',
  /** XEP-0372. */
  reference: 'urn:xmpp:reference:0',
  /** XEP-0377. */
  reporting: 'urn:xmpp:reporting:1',
  /** XEP-0380. */
  encryption: 'urn:xmpp:eme:0',
  /** XEP-0382. */
  spoiler: 'urn:xmpp:spoiler:0',
  /** XEP-0384. */
  omemo: 'urn:xmpp:omemo:2',
  /** XEP-0384 up to version 0.3.0, which most clients still speak. */
  omemoLegacy: 'eu.siacs.conversations.axolotl',
  /** XEP-0393. */
  styling: 'urn:xmpp:styling:0',
  /** XEP-0402. */
  bookmarks: 'urn:xmpp:bookmarks:1',
  /** XEP-0421. */
  occupantId: 'urn:xmpp:occupant-id:0',
  /** XEP-0424. */
  retract: 'urn:xmpp:message-retract:1',
  /** XEP-0425. */
  moderate: 'urn:xmpp:message-moderate:1',
  /** XEP-0428. */
  fallback: 'urn:xmpp:fallback:0',
  /** XEP-0432. */
  jsonMessage: 'urn:xmpp:json-msg:0',
  /** XEP-0444. */
  reactions: 'urn:xmpp:reactions:0',
  /** XEP-0446. */
  fileMetadata: 'urn:xmpp:file:metadata:0',
  /** XEP-0447. */
  fileSharing: 'urn:xmpp:sfs:0',
  /** XEP-0449. */
  stickers: 'urn:xmpp:stickers:0',
  /** XEP-0461. */
  reply: 'urn:xmpp:reply:0',
  /** XEP-0490. */
  mdsDisplayed: 'urn:xmpp:mds:displayed:0',
  /** XEP-0494. */
  clientAccess: 'urn:xmpp:cam:0',
  /** XEP-0513. */
  mentions: 'urn:xmpp:mentions:0',
} as const;
