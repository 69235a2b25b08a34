/**
 * What a script that watches a machine does: one line with curl brings a message to a person, whatever server is behind.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childNamed, textOf } from '../../src/xml/element.ts';
import { ejabberdComponent, embedded, prosodyComponent } from '../black-box/backends.ts';
import type { Backend } from '../black-box/house.ts';
import { paste } from '../support/curl.ts';
import { connectSlixmpp } from '../support/slixmpp-peer.ts';

const BACKENDS: Readonly<Record<string, () => Promise<Backend>>> = {
  Prosody: prosodyComponent,
  ejabberd: ejabberdComponent,
  'the embedded host': embedded,
};

for (const [name, start] of Object.entries(BACKENDS)) {
  test(`one line of a shell script delivers through ${name}`, async () => {
    await using backend = await start();
    await using bob = await connectSlixmpp(backend.login('bob'));
    const url = `${backend.gateway.url}/msg/bob@${backend.domain}`;
    const user = `'${backend.from}:${backend.sender.password}'`;
    const { status } = await paste(`curl -u ${user} -H 'Content-Type: text/plain' -d 'Disk is full' ${url}`);
    assert.equal(status, 201);
    const message = await bob.next(stanza => stanza.name === 'message', 'the message');
    const body = childNamed(message, 'body');
    assert.equal(body === undefined ? undefined : textOf(body), 'Disk is full');
    assert.equal(message.attrs['type'], 'chat');
    assert.equal(message.attrs['from'], backend.from);
  });
}
