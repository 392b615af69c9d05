/** One request after the other on a netlink socket, each answered before the next: for a thread of its own. */
import type { KernelFailure, ObjectOperation } from './kernel-port.ts';
import { ControlType } from './netlink/constants.ts';
import { decodeError } from './netlink/error-message.ts';
import { MessageReader } from './netlink/message-reader.ts';
import { MessageWriter } from './netlink/message-writer.ts';
import { NetlinkSocket, NOTHING, OVERRUN } from './netlink-socket.ts';
import { ObjectBatch } from './object-batch.ts';
import { kernelFailure } from './system-error.ts';

const RECEIVE_BYTES = 64 << 10;
const BUFFER_BYTES = 1 << 20;
const NO_ANSWER: KernelFailure = { code: 'EIO', text: 'the kernel did not answer (EIO)' };

/** Thrown where a request fails that others build on. */
export class Refused extends Error {
  readonly failure: KernelFailure;

  constructor(what: string, failure: KernelFailure) {
    super(`${what}: ${failure.text}`);
    this.failure = { code: failure.code, text: `${what}: ${failure.text}` };
  }
}

export class NetlinkExchange {
  readonly #socket = new NetlinkSocket(0, BUFFER_BYTES);
  readonly #buffer = new Uint8Array(RECEIVE_BYTES);
  #sequence = 0;

  /**
   * @param encode writes one message that asks for an acknowledgement, or a dump
   * @param onMessage takes what comes before the last word
   * @returns what the kernel refused, or null
   */
  request(
    encode: (writer: MessageWriter, sequence: number) => void,
    onMessage: (message: MessageReader) => void = () => {},
  ): KernelFailure | null {
    const sequence = ++this.#sequence;
    const writer = new MessageWriter(512);
    encode(writer, sequence);
    const refusal = this.#socket.send(writer.finish());
    if (refusal !== null) return refusal;
    for (;;) {
      const length = this.#socket.receive(this.#buffer);
      if (length === NOTHING) return NO_ANSWER;
      if (length === OVERRUN) continue;
      const message = new MessageReader(this.#buffer.subarray(0, length));
      while (message.next()) {
        if (message.sequence !== sequence) continue;
        if (message.type !== ControlType.Done && message.type !== ControlType.Error) {
          onMessage(message);
          continue;
        }
        const { errno, text } = decodeError(message);
        return errno === 0 ? null : kernelFailure(errno, text);
      }
    }
  }

  /** @throws Refused naming `what` could not be done */
  change(what: string, operation: ObjectOperation): void {
    const batch = new ObjectBatch([operation]);
    try {
      const failure = this.request((writer, sequence) => batch.encode(writer, 0, sequence, true));
      if (failure !== null) throw new Refused(what, batch.explain([{ index: 0, ...failure }])[0]!);
    } finally {
      batch.close();
    }
  }

  close(): void {
    this.#socket.close();
  }
}
