/**
 * The steps of a client's login, as rows (RFC 6120 §4.3.1, XEP-0170).
 *
 * Decides, per feature of a stream, what it needs to be true, what rules it out, and what a client says to negotiate it. The
 * order of a login follows: of the rows that are offered and possible, the first is taken. What the answers mean is decided in
 * `answers.ts`.
 */
import { childElements, childNamed, type Element, element } from '../../xml/element.ts';
import { bind2 } from '../bind2.ts';
import { domainOf, type Jid } from '../jid.ts';
import { NS } from '../ns.ts';
import { readBindings, readMechanisms } from '../sasl/client-frames.ts';
import { readSasl2Offer, type Sasl2Offer } from '../sasl2.ts';
import { type Iq, stanzaElement } from '../stanza.ts';
import { enable, resume } from '../stream-management.ts';
import {
  type Fact,
  type LoginAdvance,
  type LoginCommand,
  type Plan,
  type Progress,
  say,
  type Waiting,
} from './words.ts';

/** One row: a feature, when it is negotiated, and how that begins. */
export interface Step {
  readonly name: string;
  /** The element inside `<stream:features/>`. */
  readonly feature: { readonly name: string; readonly ns: string };
  readonly needs: readonly Fact[];
  readonly forbids: readonly Fact[];
  /** Where the login stands once it has begun. */
  readonly waits: Waiting;
  /** What to do to begin. `feature` is the element as it was offered. */
  begin(plan: Plan, progress: Progress, feature: Element): readonly LoginCommand[];
}

/** The ids of our requests: until there is a session, nobody but the server can answer. */
export const IDS = { bind: 'bind', session: 'session' } as const;

/** What the server makes a resource of when none is asked for. */
const TAG = 'rest';

/** The steps, the preferred one first. */
export const STEPS: readonly Step[] = [
  {
    name: 'starttls',
    feature: { name: 'starttls', ns: NS.tls },
    needs: [],
    forbids: ['plain', 'secured', 'authenticated'],
    waits: 'upgrading',
    begin: () => [say(element('starttls', NS.tls))],
  },
  // XEP-0388: before the SASL of RFC 6120, because it takes fewer round trips; over TLS only, as it wants.
  {
    name: 'authentication',
    feature: { name: 'authentication', ns: NS.sasl2 },
    needs: ['secured'],
    forbids: ['authenticated', 'unsuited'],
    waits: 'judging',
    begin: beginSasl2,
  },
  {
    name: 'mechanisms',
    feature: { name: 'mechanisms', ns: NS.sasl },
    needs: ['open'],
    forbids: ['authenticated'],
    waits: 'judging',
    begin: (_plan, progress, feature) => {
      const offer = { profile: 'sasl', mechanisms: readMechanisms(feature), bindings: bindingsOf(progress) } as const;
      return [{ do: 'authenticate', offer, inline: [], resumption: undefined }];
    },
  },
  // XEP-0198 §5: after SASL, and instead of binding a resource.
  {
    name: 'resume',
    feature: { name: 'sm', ns: NS.management },
    needs: ['authenticated', 'resumable'],
    forbids: ['bound'],
    waits: 'resuming',
    begin: ({ resume: session }) => (session === undefined ? [] : [say(resume(session.id, session.handled))]),
  },
  {
    name: 'bind',
    feature: { name: 'bind', ns: NS.bind },
    needs: ['authenticated'],
    forbids: ['bound'],
    waits: 'binding',
    begin: (plan, { conflicts }) => [say(stanzaElement(bindRequest(plan, conflicts)))],
  },
  // RFC 6121 did away with it; where it is not optional, the server was there before.
  {
    name: 'session',
    feature: { name: 'session', ns: NS.session },
    needs: ['bound'],
    forbids: ['established'],
    waits: 'establishing',
    begin: ({ account }) => [say(stanzaElement(sessionRequest(domainOf(account))))],
  },
  // XEP-0198 §3: after binding.
  {
    name: 'manage',
    feature: { name: 'sm', ns: NS.management },
    needs: ['bound'],
    forbids: ['managed'],
    waits: 'managing',
    begin: () => [say(enable())],
  },
];

function bindingsOf({ features }: Progress): readonly string[] | undefined {
  return features && readBindings(features);
}

/** With SASL2 the rest of the login can be asked for at once (XEP-0386, XEP-0198 §6.3). */
function beginSasl2(plan: Plan, progress: Progress): readonly LoginCommand[] {
  const offered = progress.features && readSasl2Offer(progress.features);
  if (offered === undefined) return [];
  const { mechanisms, bind } = offered;
  // A token is only for going back to a session, so where none can be gone back to, there are no tokens for us.
  const fast = offered.resumption ? offered.fast : undefined;
  const offer = { profile: 'sasl2', mechanisms, fast, bindings: bindingsOf(progress) } as const;
  const resumption = inlineResumption(plan, progress, offered);
  // Where a session can be resumed only after the login, the step below does it; a resource bound here would take its place.
  const binds = bind !== undefined && (resumption !== undefined || !progress.facts.has('resumable'));
  const enabling = bind?.features.includes(NS.management) ? [enable()] : [];
  const binding = binds ? bind2(plan.resource ?? TAG, enabling) : undefined;
  const inline = [binding, resumption].filter(wish => wish !== undefined);
  return [{ do: 'authenticate', offer, inline, resumption }];
}

function inlineResumption(
  { resume: session }: Plan,
  { facts }: Progress,
  { resumption }: Sasl2Offer,
): Element | undefined {
  const possible = resumption && facts.has('resumable');
  return possible && session !== undefined ? resume(session.id, session.handled) : undefined;
}

/** The element of a step in the features, when the step is possible. */
function offerOf({ feature, needs, forbids }: Step, { facts, features }: Progress): Element | undefined {
  const possible = needs.every(fact => facts.has(fact)) && !forbids.some(fact => facts.has(fact));
  const offer = possible && features !== undefined ? childNamed(features, feature.name, feature.ns) : undefined;
  const optional = feature.ns === NS.session && offer !== undefined && childNamed(offer, 'optional') !== undefined;
  return optional ? undefined : offer;
}

/**
 * Begins the next step.
 *
 * @returns `undefined` when none of what is offered is left to be done
 */
export function nextStep(plan: Plan, progress: Progress): LoginAdvance | undefined {
  for (const step of STEPS) {
    const offer = offerOf(step, progress);
    if (offer !== undefined) {
      return { state: { ...progress, name: step.waits }, commands: step.begin(plan, progress, offer) };
    }
  }
  return undefined;
}

/** Whether the server insists on TLS, which is a feature with a child that says so (RFC 6120 §5.3.1). */
export function requiresTls({ features }: Progress): boolean {
  const offer = features && childNamed(features, 'starttls', NS.tls);
  return offer !== undefined && childElements(offer).some(({ name }) => name === 'required');
}

/** RFC 6120 §7.6, §7.7: after a conflict, with a resource that cannot be taken. */
function bindRequest({ resource, spare }: Plan, conflicts: number): Iq {
  const wish = conflicts === 0 || resource === undefined ? resource : `${resource}-${spare}`;
  const children = wish === undefined ? [] : [element('resource', NS.bind, {}, [wish])];
  return { kind: 'iq', type: 'set', id: IDS.bind, payload: [element('bind', NS.bind, {}, children)] };
}

function sessionRequest(to: Jid): Iq {
  return { kind: 'iq', type: 'set', to, id: IDS.session, payload: [element('session', NS.session)] };
}
