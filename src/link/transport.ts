/**
 * A TCP or TLS socket as a stream needs it: bytes in, text out, and one end.
 *
 * Decides that everything written within one turn of the event loop leaves in one packet, and that the end is told exactly
 * once, whatever the socket did to get there: an error, a reset, a TLS alert or a FIN in any order. Knows no XMPP.
 */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** Who listens to a transport. Calls come one at a time and must not throw; none comes after `end`. */
export interface TransportEvents {
  bytes(chunk: Uint8Array): void;
  /** The socket is gone. `error` is what went wrong, absent when the other side or we closed it in order. */
  end(error: Error | undefined): void;
}

/** How long a socket may take to close in order before it is destroyed, in milliseconds. */
const CLOSE_GRACE = 2_000;

/** The owner of one socket. */
export class Transport implements Disposable {
  #socket: Socket;
  readonly #events: TransportEvents;
  #batch = '';
  #error: Error | undefined;
  #ended = false;
  #closing: NodeJS.Timeout | undefined;

  /** Takes over a socket, connected or about to be; the events start with the next turn of the event loop. */
  constructor(socket: Socket, events: TransportEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.setNoDelay(true);
    this.#attach(socket);
    // A socket that was gone before we came tells nobody any more.
    if (socket.closed) setImmediate(() => this.#end());
  }

  #attach(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => {
      if (!this.#ended && socket === this.#socket) this.#events.bytes(chunk);
    });
    socket.on('error', error => {
      this.#error ??= error;
    });
    // The other side has finished, but a socket with unsent data stays until it took them, which may be never.
    socket.on('end', () => {
      if (socket === this.#socket) this.#destroySoon();
    });
    socket.on('close', () => {
      if (socket === this.#socket) this.#end();
    });
  }

  #destroySoon(): void {
    if (!this.#ended) this.#closing ??= setTimeout(() => this.#socket.destroy(), CLOSE_GRACE);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#closing);
    this.#events.end(this.#error);
  }

  /** The address of the other side, for the log. */
  get remote(): string {
    return `${this.#socket.remoteAddress ?? 'unknown'}:${this.#socket.remotePort ?? 0}`;
  }

  /** Bytes (roughly: characters, for what is still text) that the kernel has not taken yet. */
  get unsent(): number {
    return this.#batch.length + this.#socket.writableLength;
  }

  /** Writes text as UTF-8. After the end, or after `close`, it does nothing. */
  write(text: string): void {
    if (this.#ended || this.#closing !== undefined) return;
    if (this.#batch === '') setImmediate(() => this.#flush());
    this.#batch += text;
  }

  #flush(): void {
    const batch = this.#batch;
    this.#batch = '';
    if (batch !== '' && !this.#ended && !this.#socket.destroyed) this.#socket.write(batch);
  }

  /** Stops the flow of incoming bytes: TCP then slows the other side down. */
  pause(): void {
    this.#socket.pause();
  }

  /** Lets bytes flow again. */
  resume(): void {
    this.#socket.resume();
  }

  /**
   * Goes on over TLS (RFC 6120 §5.4): what is written from here on is encrypted.
   *
   * @param wrap makes the TLS socket around the plain one, for the client or the server side; what the plain socket had
   *   received but not delivered must not be taken as part of the secured stream, and is not: TLS reads it as a handshake
   */
  secure(wrap: (socket: Socket) => TLSSocket): void {
    this.#flush();
    const plain = this.#socket;
    if (plain.destroyed) return;
    plain.removeAllListeners('data');
    const secured = wrap(plain);
    this.#socket = secured;
    this.#attach(secured);
  }

  /** Says goodbye and closes in order; a peer that does not answer is cut off after two seconds. */
  close(farewell = ''): void {
    if (this.#ended || this.#closing !== undefined) return;
    this.#batch += farewell;
    this.#flush();
    this.#destroySoon();
    this.#socket.end();
    // Whoever stopped reading would never see the FIN of the other side.
    this.#socket.resume();
  }

  /** Cuts the connection at once. */
  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
