/**
 * Registration of clients (RFC 7591), by the rules of mod_http_oauth2.
 *
 * Decides, field by field, what a client may say of itself and what is filled in. A client has a page of its own on the web,
 * and whatever else it names on the web is on the same host, so that nobody can borrow a known name for another page. What
 * we do not know is ignored. The table is also the JSON Schema that `GET` answers with.
 */
import { AUTH_METHODS, type ClientMetadata, GRANT_TYPES } from './client.ts';
import { OAuthError } from './oauth-error.ts';
import { type ApplicationType, looksNative, readUrl, redirectFault } from './redirect.ts';

/** A field of a registration: its JSON Schema, and whether it must be there. */
interface Field {
  readonly schema: Readonly<Record<string, unknown>>;
  readonly required?: true;
  /** Whether a value has the form that the schema says. */
  readonly takes: (value: unknown) => boolean;
}

const NAME_CHARACTERS = 256;
const MOST_ITEMS = 16;
/** No control characters, and none that turn the direction of what stands around them. */
const PLAIN = /^[^\p{Cc}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+$/u;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const SCOPES = /^[!#-[\]-~]+(?: [!#-[\]-~]+)*$/;

function text(most = NAME_CHARACTERS, form: RegExp = PLAIN): Pick<Field, 'schema' | 'takes'> {
  return {
    schema: { type: 'string', minLength: 1, maxLength: most },
    takes: value => typeof value === 'string' && value.length <= most && form.test(value),
  };
}

function listOf(item: Pick<Field, 'schema' | 'takes'>): Pick<Field, 'schema' | 'takes'> {
  return {
    schema: { type: 'array', items: item.schema, maxItems: MOST_ITEMS },
    takes: value => Array.isArray(value) && value.length <= MOST_ITEMS && value.every(item.takes),
  };
}

function oneOf(words: readonly string[]): Pick<Field, 'schema' | 'takes'> {
  return { schema: { enum: words }, takes: value => typeof value === 'string' && words.includes(value) };
}

/** An https page that strangers can reach. */
const PAGE: Pick<Field, 'schema' | 'takes'> = {
  schema: { type: 'string', format: 'uri', pattern: '^https:' },
  takes: value => typeof value === 'string' && isPublicPage(value),
};

function isPublicPage(uri: string): boolean {
  const url = readUrl(uri);
  return url?.protocol === 'https:' && !/^(?:localhost|.*\.localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname);
}

const FIELDS = {
  client_name: { ...text(), required: true },
  client_uri: { ...PAGE, required: true },
  redirect_uris: listOf(text(2048, /^[!-~]+$/)),
  application_type: oneOf(['web', 'native']),
  grant_types: listOf(oneOf([...GRANT_TYPES])),
  response_types: listOf(oneOf(['code'])),
  token_endpoint_auth_method: oneOf([...AUTH_METHODS]),
  scope: text(1024, SCOPES),
  logo_uri: PAGE,
  tos_uri: PAGE,
  policy_uri: PAGE,
  contacts: listOf(text()),
  software_id: text(36, UUID),
  software_version: text(),
} as const satisfies Record<keyof ClientMetadata, Field>;

/** The JSON Schema of a registration. */
export const REGISTRATION_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'OAuth 2.0 client registration (RFC 7591)',
  type: 'object',
  required: Object.entries<Field>(FIELDS).flatMap(([name, { required }]) => (required ? [name] : [])),
  properties: Object.fromEntries(Object.entries<Field>(FIELDS).map(([name, { schema }]) => [name, schema])),
} as const;

/** The grants that clients may register for. */
export interface RegistrationRules {
  readonly grants: readonly string[];
}

/**
 * Reads a registration, and fills in what is left out.
 *
 * @param said the JSON that came
 * @throws OAuthError `invalid_client_metadata`, `invalid_redirect_uri`
 */
export function readRegistration(said: unknown, rules: RegistrationRules): ClientMetadata {
  const fields = knownFields(said);
  const uris = fields.redirect_uris ?? [];
  const [first] = uris;
  const type: ApplicationType =
    fields.application_type ?? (first === undefined || looksNative(first) ? 'native' : 'web');
  const metadata: ClientMetadata = {
    ...fields,
    redirect_uris: uris,
    application_type: type,
    grant_types: fields.grant_types ?? ['authorization_code', 'refresh_token'],
    response_types: fields.response_types ?? ['code'],
    token_endpoint_auth_method: fields.token_endpoint_auth_method ?? 'client_secret_basic',
  };
  requireAgreement(metadata, rules);
  return metadata;
}

/** What a client said, once each field has the form that it must have. */
type Said = Partial<ClientMetadata> & Pick<ClientMetadata, 'client_name' | 'client_uri'>;

function knownFields(said: unknown): Said {
  if (typeof said !== 'object' || said === null || Array.isArray(said)) {
    throw new OAuthError('invalid_client_metadata', 'send a JSON object');
  }
  const given = new Map<string, unknown>(Object.entries(said).filter(([, value]) => value !== null));
  const fields = Object.entries<Field>(FIELDS).flatMap(([name, field]) => {
    const value = given.get(name);
    if (value === undefined && !field.required) return [];
    if (field.takes(value)) return [[name, value] as const];
    const code = name === 'redirect_uris' ? 'invalid_redirect_uri' : 'invalid_client_metadata';
    throw new OAuthError(
      code,
      `${name} is missing or has a form that is not allowed here; see the schema at this address`,
    );
  });
  // Each row of the table has looked at its own field.
  return Object.fromEntries(fields) as unknown as Said;
}

/** What must hold between the fields. */
function requireAgreement(metadata: ClientMetadata, { grants }: RegistrationRules): void {
  const { client_uri, redirect_uris, application_type, grant_types, response_types } = metadata;
  const site = new URL(client_uri).host;
  for (const name of ['logo_uri', 'tos_uri', 'policy_uri'] as const) {
    const uri = metadata[name];
    if (uri === undefined || new URL(uri).host === site) continue;
    throw new OAuthError('invalid_client_metadata', `${name} must have the host of client_uri`);
  }
  for (const uri of redirect_uris) {
    const fault = redirectFault(uri, application_type, site);
    if (fault !== undefined) throw new OAuthError('invalid_redirect_uri', `a redirect URI of this client ${fault}`);
  }
  const refused = grant_types.find(grant => !grants.includes(grant));
  if (refused !== undefined)
    throw new OAuthError('invalid_client_metadata', `the grant type ${refused} is not offered`);
  const wantsCode = grant_types.includes('authorization_code');
  if (wantsCode && redirect_uris.length === 0) {
    throw new OAuthError('invalid_redirect_uri', 'redirect_uris must name where the code is to go');
  }
  if (wantsCode && !response_types.includes('code')) {
    throw new OAuthError('invalid_client_metadata', 'response_types must hold code for the grant authorization_code');
  }
}
