/**
 * The black-box contract against every back end, with slixmpp as the peer.
 */
import { ejabberdComponent, embedded, jabberd2Component, prosodyComponent } from '../black-box/backends.ts';
import { restContract } from '../black-box/rest.ts';
import { connectSlixmpp } from '../support/slixmpp-peer.ts';

restContract({ name: 'embedded host, slixmpp', backend: embedded, peer: connectSlixmpp });
restContract({ name: 'component of Prosody, slixmpp', backend: prosodyComponent, peer: connectSlixmpp });
restContract({ name: 'component of ejabberd, slixmpp', backend: ejabberdComponent, peer: connectSlixmpp });
restContract({ name: 'component of jabberd2, slixmpp', backend: jabberd2Component, peer: connectSlixmpp });
