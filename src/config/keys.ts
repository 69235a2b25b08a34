/**
 * Every configuration key, as one table.
 *
 * Decides, per key: where it stands in the file, the form of its value, its default, and what it is for. The loader, the
 * environment names, `restanza check`, the type `Config` and the tables in `docs/config.md` all come from these rows, so
 * a new key is one new row. A level in angle brackets is a name that the operator chooses; `NAMES` says which are allowed.
 */
import { LOG_LEVELS } from '../log.ts';
import { BODY_BYTES } from '../xml/limits.ts';
import { componentServer, listenAddress, network, userServer, webOrigin } from './addresses.ts';
import { CALLBACK_ROWS } from './callback-keys.ts';
import { JWT_ROWS } from './jwt-keys.ts';
import { OAUTH_ROWS } from './oauth-keys.ts';
import type { Row } from './row.ts';
import {
  boolean,
  byteSize,
  certificatesFile,
  duration,
  file,
  folder,
  listOf,
  oneOf,
  ownCertificateFile,
  privateKeyFile,
  requestRate,
  resource,
  seconds,
  secret,
  stanzaBytes,
  urlPath,
  wholeNumber,
} from './values.ts';

/** The keys. */
export const KEYS = {
  listen: {
    form: listenAddress,
    default: '127.0.0.1:5280',
    doc: 'Where the HTTP API listens. Port 0 takes any free port.',
    example: '127.0.0.1:5280',
  },
  data: {
    form: folder,
    default: './data',
    doc: 'The folder that holds what must survive a restart: accounts, certificates, received stanzas and the answers to requests with an `Idempotency-Key`. It is made when missing.',
    example: '/var/lib/restanza',
  },
  'log.level': {
    form: oneOf(LOG_LEVELS),
    default: 'info',
    doc: 'The least level that is logged.',
    example: 'debug',
  },
  iq_timeout: {
    form: seconds,
    default: '120',
    doc: 'How long a request waits for the answer to its iq.',
    example: '60',
  },
  iq_max_timeout: {
    form: seconds,
    default: '300',
    doc: 'The longest wait that a request may ask for.',
    example: '300',
  },
  stanza_size_limit: {
    form: stanzaBytes,
    default: String(BODY_BYTES),
    doc: 'The largest body of a request. Keep it below the limit of the XMPP server: XML is larger than JSON.',
    example: '131072',
  },
  request_rate: {
    form: requestRate,
    default: '0',
    doc: 'How many requests per second each user or component may make, and each address at an anonymous host; more are answered with 429. 0 is no bound.',
    example: '50',
  },
  trusted_proxies: {
    form: listOf(network, 'IP addresses and networks', 0),
    default: '[]',
    doc: 'The proxies in front of the HTTP API: only what they say in `X-Forwarded-For` is believed about where a request comes from.',
    example: '[127.0.0.1, 10.0.0.0/8]',
  },
  'paths.rest': {
    form: urlPath,
    default: '/rest',
    doc: 'Where the routes of mod_rest are.',
    example: '/xmpp',
  },
  'paths.msg': {
    form: urlPath,
    default: '/msg',
    doc: 'Where the route of mod_post_msg is.',
    example: '/xmpp/msg',
  },
  'journal.keep': {
    form: duration,
    default: '3d',
    doc: 'How long received stanzas stay for those who read them as events.',
    example: '72h',
  },
  'journal.size': {
    form: byteSize,
    default: '1GiB',
    doc: 'How much room received stanzas may take; the oldest make room. What still waits for a callback is not among them.',
    example: '512MiB',
  },
  'hosts.<domain>.cors': {
    form: listOf(webOrigin, 'origins such as https://app.example, or *', 0),
    default: '[]',
    doc: 'The web pages, by their origin, whose scripts may use the API of this host (CORS). `*` is any page; it must stand in quotes.',
    example: '[https://app.example, http://localhost:3000]',
  },
  'hosts.<domain>.component.server': {
    form: componentServer,
    doc: 'The component port of the XMPP server. The port is 5347 when left out.',
    example: 'xmpp://127.0.0.1:5347',
  },
  'hosts.<domain>.component.secret': {
    form: secret,
    secret: true,
    doc: 'The secret that the XMPP server has for this component.',
    example: 'a long random text',
  },
  'hosts.<domain>.component.secret_file': {
    form: file,
    contentOf: 'secret',
    doc: 'A file that holds the secret, instead of `secret`. One line end after it is not part of it.',
    example: '/run/secrets/component',
  },
  'hosts.<domain>.embedded.c2s': {
    form: listenAddress,
    default: '127.0.0.1:5222',
    doc: 'Where XMPP clients log in to this domain.',
    example: '127.0.0.1:5222',
  },
  'hosts.<domain>.embedded.anonymous': {
    form: boolean,
    default: 'false',
    doc: 'Whether requests to this host need no credentials: each acts as a new random user, and those that it has are ignored.',
    example: 'true',
  },
  'hosts.<domain>.embedded.accounts.<localpart>': {
    form: secret,
    secret: true,
    doc: 'An account and its password. The account is made when missing; a stored password that differs is replaced.',
    example: 'a long random text',
  },
  'hosts.<domain>.virtualhost.server': {
    form: userServer,
    optional: true,
    doc: 'The server where the users of this domain log in. The port is 5222, or 5223 for direct TLS, when left out. Without a server DNS is asked for it (SRV).',
    example: 'xmpp://127.0.0.1:5222',
  },
  'hosts.<domain>.virtualhost.tls': {
    form: oneOf(['required', 'optional', 'off']),
    default: 'required',
    doc: 'Whether the stream to the server is encrypted: always, where the server offers it, or never. Without TLS passwords can be read on the way.',
    example: 'off',
  },
  'hosts.<domain>.virtualhost.ca_file': {
    form: certificatesFile,
    optional: true,
    doc: 'A file of certificate authorities, in PEM, that may vouch for the server besides those that the system knows.',
    example: '/etc/restanza/ca.pem',
  },
  'hosts.<domain>.virtualhost.idle': {
    form: seconds,
    default: '300',
    doc: 'How long the session of a user is kept after his last request.',
    example: '60',
  },
  'hosts.<domain>.virtualhost.max_sessions': {
    form: wholeNumber('sessions', 1, 100_000),
    default: '2000',
    doc: 'How many sessions of users are open at once. For one more, that which was idle for the longest time is closed; when none is idle, the request gets 503.',
    example: '500',
  },
  'hosts.<domain>.virtualhost.oauth': {
    form: boolean,
    default: 'true',
    doc: 'Whether bearer tokens that Restanza does not know are offered to the server (OAUTHBEARER).',
    example: 'false',
  },
  'hosts.<domain>.accounts.<localpart>.password': {
    form: secret,
    optional: true,
    secret: true,
    doc: 'The password of an account of this virtual host that is always online. Each has one, or a certificate.',
    example: 'a long random text',
  },
  'hosts.<domain>.accounts.<localpart>.password_file': {
    form: file,
    contentOf: 'password',
    doc: 'A file that holds the password, instead of `password`.',
    example: '/run/secrets/bot',
  },
  'hosts.<domain>.accounts.<localpart>.certificate_file': {
    form: ownCertificateFile,
    optional: true,
    doc: 'A file with the certificate by which the account logs in, in PEM, instead of a password (SASL EXTERNAL). Behind it may stand those of the authorities that vouch for it.',
    example: '/etc/restanza/bot.pem',
  },
  'hosts.<domain>.accounts.<localpart>.key_file': {
    form: privateKeyFile,
    optional: true,
    doc: 'A file with the private key of the certificate, in PEM and without a passphrase.',
    example: '/etc/restanza/bot-key.pem',
  },
  'hosts.<domain>.accounts.<localpart>.resource': {
    form: resource,
    default: 'restanza',
    doc: 'The resource with which the account is online.',
    example: 'bot',
  },
  'hosts.<domain>.accounts.<localpart>.presence': {
    form: boolean,
    default: 'true',
    doc: 'Whether the account shows itself as available.',
    example: 'false',
  },
  ...JWT_ROWS,
  ...OAUTH_ROWS,
  ...CALLBACK_ROWS,
} as const satisfies Readonly<Record<string, Row>>;

/** Levels where exactly one of several groups must be set. */
export const CHOICES = {
  'hosts.<domain>': ['component', 'embedded', 'virtualhost'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The groups that are only there when something is set in them, wherever they stand. */
export const OPTIONAL_GROUPS = ['callback', 'jwt', 'oauth'] as const;
