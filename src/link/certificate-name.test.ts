import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { TestAuthority, type Wish } from '../../test/support/certificates.ts';
import { parseJid } from '../xmpp/jid.ts';
import { checkName } from './certificate-name.ts';

let authority: TestAuthority;
before(async () => {
  authority = await TestAuthority.make();
});

async function judge(wish: Wish, domain: string): Promise<string | undefined> {
  const { cert } = await authority.issue(wish);
  return checkName(new X509Certificate(cert).raw, parseJid(domain))?.message;
}

describe('a certificate is for a domain', () => {
  const CASES: readonly [why: string, wish: Wish, domain: string][] = [
    ['that is one of its DNS names', { names: ['a.example', 'example.com'] }, 'example.com'],
    ['in whatever case', { names: ['EXAMPLE.com'] }, 'example.com'],
    ['that has one label for its wildcard', { names: ['*.example.com'] }, 'chat.example.com'],
    ['whose A-labels are in it', { names: ['xn--bcher-kva.example'] }, 'bücher.example'],
    ['whose client service is one of its SRV names', { srvNames: ['_xmpp-client.Example.com'] }, 'example.com'],
    ['whose A-labels are in an SRV name', { srvNames: ['_xmpp-client.xn--bcher-kva.example'] }, 'bücher.example'],
    ['that is an IPv4 address', { names: ['127.0.0.1'] }, '127.0.0.1'],
    ['that is an IPv6 address', { names: ['::1'] }, '[::1]'],
  ];
  for (const [why, wish, domain] of CASES) {
    it(why, async () => {
      assert.equal(await judge(wish, domain), undefined);
    });
  }
});

describe('a certificate is not for a domain', () => {
  const CASES: readonly [why: string, wish: Wish, domain: string][] = [
    ['that is its common name alone', { cn: 'example.com' }, 'example.com'],
    ['that is its common name beside a DNS name', { cn: 'example.com', names: ['a.example'] }, 'example.com'],
    ['that is its common name beside an SRV name', { cn: 'example.com', srvNames: ['_ftp.a.example'] }, 'example.com'],
    ['above its wildcard', { names: ['*.example.com'] }, 'example.com'],
    ['that has two labels for its wildcard', { names: ['*.example.com'] }, 'a.b.example.com'],
    ['that has a part of a label for its wildcard', { names: ['c*.example.com'] }, 'chat.example.com'],
    ['that has a wildcard in the middle', { names: ['a.*.com'] }, 'a.example.com'],
    ['that is under a wildcard for a whole top level', { names: ['*.com', '*'] }, 'example.com'],
    ['of which it names another service', { srvNames: ['_xmpp-server.example.com'] }, 'example.com'],
    ['that ends in its name', { names: ['example.com'] }, 'notexample.com'],
    ['that begins with its name', { names: ['example.com'] }, 'example.com.evil.example'],
    ['that has its name before a NUL', { names: ['example.com\0.evil.example'] }, 'example.com'],
    ['that its name only quotes', { names: ['x, DNS:example.com'] }, 'example.com'],
    ['that an SRV name only quotes', { srvNames: ['x, othername:SRVName:_xmpp-client.example.com'] }, 'example.com'],
    ['that is another IP address', { names: ['127.0.0.2'] }, '127.0.0.1'],
    ['that is an IP address, as a DNS name', { srvNames: ['_xmpp-client.127.0.0.1'] }, '127.0.0.1'],
  ];
  for (const [why, wish, domain] of CASES) {
    it(why, async () => {
      assert.match((await judge(wish, domain)) ?? '', /^the certificate (?:is for .+, not for |names no domain )/);
    });
  }

  it('and it is told whom it is for', async () => {
    const wish = { names: ['chat.example.net', '*.example.org', '127.0.0.1'], srvNames: ['_xmpp-client.example.net'] };
    assert.equal(
      await judge(wish, 'example.com'),
      'the certificate is for chat.example.net, *.example.org, example.net, 127.0.0.1, not for example.com',
    );
  });

  it('and of many names the first are told', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `n${index}.example`);
    const told = 'n0.example, n1.example, n2.example, n3.example, n4.example, …';
    assert.equal(await judge({ names }, 'example.com'), `the certificate is for ${told}, not for example.com`);
  });

  it('and of long names the beginning is told', async () => {
    const names = Array.from({ length: 4 }, (_, index) => `${`label${index}.`.repeat(30)}example`);
    const told = (await judge({ names }, 'example.com')) ?? '';
    assert.ok(told.length < 400);
    assert.match(told, /label0\..+, …, not for example\.com$/);
  });

  it('and it is told that a common name does not count', async () => {
    const told =
      'the certificate names no domain where it counts (a common name does not), so it is not for example.com';
    assert.equal(await judge({ cn: 'example.com' }, 'example.com'), told);
  });
});
