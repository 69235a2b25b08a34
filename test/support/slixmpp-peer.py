"""A peer made of slixmpp, commanded by JSON lines on standard input, telling JSON lines on standard output.

In:  {"send": XML} | {"ignore": NAMESPACE} | {"close": true}; the first line is the login. The end of input closes too.
Out: {"online": JID} | {"stanza": ELEMENT} | {"ignoring": NAMESPACE} | {"failed": TEXT}
"""
import asyncio
import json
import sys

from slixmpp import ClientXMPP
from slixmpp.exceptions import IqError
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXMLMask

STANZAS = {'{jabber:client}' + kind for kind in ('message', 'presence', 'iq')}
XML = '{http://www.w3.org/XML/1998/namespace}'


def tell(**event):
    sys.stdout.write(json.dumps(event) + '\n')
    sys.stdout.flush()


def as_value(xml):
    """An ElementTree element as the plain value that the tests compare."""
    ns, name = xml.tag[1:].split('}') if xml.tag.startswith('{') else ('', xml.tag)
    attrs = {key.replace(XML, 'xml:'): value for key, value in xml.attrib.items()}
    children = [xml.text]
    for child in xml:
        children += [as_value(child), child.tail]
    return {'name': name, 'ns': ns, 'attrs': attrs, 'children': [child for child in children if child]}


class Peer(ClientXMPP):
    def __init__(self, login):
        super().__init__(f"{login['user']}@{login['domain']}/{login['resource']}", login['password'])
        for plugin in ('xep_0030', 'xep_0092', 'xep_0199'):
            self.register_plugin(plugin)
        self['xep_0092'].software_name = 'slixmpp peer'
        self.add_event_handler('session_start', self.start)
        for failure in ('failed_all_auth', 'connection_failed', 'stream_error'):
            self.add_event_handler(failure, lambda reason, what=failure: tell(failed=f'{what}: {reason}'))
        # Without TLS slixmpp offers SCRAM by itself; a server that has PLAIN alone is fine on loopback.
        self['feature_mechanisms'].unencrypted_plain = True

    def incoming_filter(self, xml):
        # The hook that sees a stanza before anything is added to it.
        if xml.tag in STANZAS:
            tell(stanza=as_value(xml))
        return xml

    async def start(self, _event):
        self.send_presence()
        try:
            # The answer says that the presence before it was handled.
            await self['xep_0199'].send_ping(self.boundjid.domain)
        except IqError:
            pass
        tell(online=self.boundjid.full)

    def ignore(self, ns):
        for kind in ('get', 'set'):
            mask = MatchXMLMask(f"<iq xmlns='jabber:client' type='{kind}'><query xmlns='{ns}'/></iq>")
            self.register_handler(Callback(f'ignore {kind} {ns}', mask, lambda _iq: None))
        tell(ignoring=ns)


async def main():
    loop = asyncio.get_running_loop()
    commands = asyncio.StreamReader(limit=2**24)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    login = json.loads(await commands.readline())
    peer = Peer(login)
    gone = loop.create_future()
    peer.add_event_handler('disconnected', lambda _reason: gone.done() or gone.set_result(None))
    peer.connect((login['host'], login['port']), disable_starttls=True, force_starttls=False)
    reading = asyncio.ensure_future(obey(peer, commands))
    await asyncio.wait([gone, reading], return_when=asyncio.FIRST_COMPLETED)
    if not gone.done():
        peer.disconnect()
        await asyncio.wait([gone], timeout=5)
    reading.cancel()


async def obey(peer, commands):
    async for line in commands:
        command = json.loads(line)
        if 'send' in command:
            peer.send_raw(command['send'])
        elif 'ignore' in command:
            peer.ignore(command['ignore'])
        else:
            return


asyncio.run(main())
