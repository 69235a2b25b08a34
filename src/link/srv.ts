/**
 * Where a domain's server may be, from its SRV records (RFC 2782, RFC 6120 §3.2, XEP-0368).
 *
 * Decides the order: the records for direct TLS and for STARTTLS are one list, by priority, and at random by weight within
 * one. Decides also that the domain itself is tried at port 5222 only where there are no records at all: who has some, even
 * if they say that the service is not offered, has said all. Asks no one; `addresses.ts` does.
 */

/** A place to connect to. */
export interface Destination {
  /** A host name in ASCII or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Whether TLS begins with the first byte (XEP-0368); without it, by STARTTLS. */
  readonly directTls: boolean;
}

/** What the order looks at. */
export interface Ranked {
  /** 0 to 65535; the least comes first. */
  readonly priority: number;
  /** 0 to 65535; the share of those who come here, among the records of one priority. */
  readonly weight: number;
}

/** An SRV record. Its target is empty, or `.`, where the service is not offered. */
export interface SrvRecord extends Ranked {
  readonly name: string;
  readonly port: number;
}

/** The records of both services; empty where there are none. */
export interface SrvAnswers {
  readonly direct: readonly SrvRecord[];
  readonly starttls: readonly SrvRecord[];
}

/** The port of clients, RFC 6120 §14.7. */
export const CLIENT_PORT = 5222;

/** The names to ask for: RFC 6120 §3.2.1 and XEP-0368 §3. */
export const SERVICES: Readonly<Record<keyof SrvAnswers, string>> = {
  direct: '_xmpps-client._tcp',
  starttls: '_xmpp-client._tcp',
};

/**
 * Orders records as RFC 2782 says.
 *
 * @param random gives numbers from 0 up to, but not including, 1
 */
export function orderRecords<R extends Ranked>(records: readonly R[], random: () => number): readonly R[] {
  const byPriority = Map.groupBy(records, ({ priority }) => priority);
  return [...byPriority].sort(([a], [b]) => a - b).flatMap(([, equals]) => drawAll(equals, random));
}

/** Draws one after the other. Those without weight stand first, which gives them their very small chance. */
function drawAll<R extends Ranked>(records: readonly R[], random: () => number): readonly R[] {
  const left = records.toSorted((a, b) => Math.sign(a.weight) - Math.sign(b.weight));
  const drawn: R[] = [];
  while (left.length > 0) drawn.push(...left.splice(draw(left, random), 1));
  return drawn;
}

/** The place of the first record whose running sum of weights reaches a random number from 0 to the whole sum. */
function draw(records: readonly Ranked[], random: () => number): number {
  const total = records.reduce((sum, { weight }) => sum + weight, 0);
  const aim = Math.floor(random() * (total + 1));
  let sum = 0;
  return records.findIndex(({ weight }) => {
    sum += weight;
    return sum >= aim;
  });
}

/**
 * Where to try, in order.
 *
 * @param host the domain in ASCII
 * @param directTls whether direct TLS may be used
 * @param random gives numbers from 0 up to, but not including, 1
 * @returns nothing when the domain has records and none of them can be used
 */
export function destinationsOf(
  host: string,
  { direct, starttls }: SrvAnswers,
  directTls: boolean,
  random: () => number,
): readonly Destination[] {
  if (direct.length + starttls.length === 0) return [{ host, port: CLIENT_PORT, directTls: false }];
  const offers = [...offered(direct, true), ...offered(starttls, false)].filter(offer => directTls || !offer.directTls);
  return orderRecords(offers, random).map(offer => ({
    host: offer.name,
    port: offer.port,
    directTls: offer.directTls,
  }));
}

/** The records whose target is a host, without the dot that may end a whole name. */
function offered(records: readonly SrvRecord[], directTls: boolean) {
  return records
    .map(record => ({ ...record, name: record.name.replace(/\.$/, ''), directTls }))
    .filter(({ name }) => name !== '');
}
