/**
 * The thread that talks to the kernel. A netlink request is carried out inside send(), which may take a hundred
 * milliseconds when the kernel resizes its tables, so none of that may happen on the thread of the agent.
 *
 * One loop waits for notifications and for requests. Notifications are read before each request, so that the
 * agent never hears of an older state after a newer one. How routes look is none of its business: requests come
 * encoded, and what the kernel says goes back undecoded.
 */
import { closeSync, openSync } from 'node:fs';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { setChecksumOffload } from './checksum-offload.ts';
import type { KernelFailure } from './kernel-port.ts';
import * as libc from './libc.ts';
import { Netfilter } from './netfilter.ts';
import { ControlType, Flag, Group } from './netlink/constants.ts';
import { decodeError } from './netlink/error-message.ts';
import { align, HOST_IS_LITTLE_ENDIAN } from './netlink/layout.ts';
import { MessageReader } from './netlink/message-reader.ts';
import { NetlinkSocket, NOTHING, OVERRUN } from './netlink-socket.ts';
import { readSysctlFile, writeSysctlFile } from './sysctl-files.ts';
import { errorCode, kernelFailure } from './system-error.ts';
import type { FailedRequest, WorkerReport, WorkerRequest, WorkerSettings } from './worker-protocol.ts';

const CLONE_NEWNET = 0x40000000;
const EFD_NONBLOCK_CLOEXEC = 0o2004000;
const POLLIN = 1;
/** poll() passes over a negative descriptor. */
const NO_FD = -1;
/** Wakes now and then although nothing happened: a thread inside poll() cannot be told that the process ends. */
const POLL_TIMEOUT_MS = 1000;
/** Errors of a whole batch have room: each takes about 1 KiB of the socket's memory. */
const REQUEST_BUFFER_BYTES = 4 << 20;
const NO_ANSWER: KernelFailure = { code: 'EIO', text: 'the kernel did not answer (EIO)' };
/** The kernel fills dump messages up to 32 KiB. */
const RECEIVE_BYTES = 64 << 10;
const MAX_DUMP_ATTEMPTS = 5;
const MONITOR_GROUPS =
  Group.Link |
  Group.Neighbour |
  Group.Ipv4Address |
  Group.Ipv6Address |
  Group.Ipv4Route |
  Group.Ipv6Route |
  Group.Ipv4Parameters |
  Group.Ipv6Parameters;
const NO_NETFILTER: KernelFailure = {
  code: 'EPROTONOSUPPORT',
  text: 'this kernel has no netfilter (EPROTONOSUPPORT)',
};

class KernelThread {
  readonly #requests: NetlinkSocket;
  readonly #monitor: NetlinkSocket;
  /** Null where the kernel has none. */
  readonly #netfilter: Netfilter | null;
  readonly #wakeFd: number;
  readonly #sleeping: Int32Array<SharedArrayBuffer>;
  readonly #buffer = new Uint8Array(RECEIVE_BYTES);
  readonly #wakeBytes = new Uint8Array(8);
  readonly #sysctlFolder: string;

  constructor({ networkNamespace, sysctlFolder, eventBufferBytes, sleeping }: WorkerSettings) {
    this.#sysctlFolder = sysctlFolder;
    this.#sleeping = sleeping;
    if (networkNamespace !== null) enterNamespace(networkNamespace);
    this.#requests = new NetlinkSocket(0, REQUEST_BUFFER_BYTES);
    this.#monitor = new NetlinkSocket(MONITOR_GROUPS, eventBufferBytes);
    this.#monitor.ignoreKnown(this.#requests.portId);
    this.#netfilter = openNetfilter();
    this.#wakeFd = libc.eventfd(0, EFD_NONBLOCK_CLOEXEC);
    if (this.#wakeFd < 0) throw new Error(`eventfd: ${errorCode(libc.errno())}`);
  }

  /** Returns when it is told to close. */
  run(): void {
    report({ kind: 'opened', wakeFd: this.#wakeFd });
    const netfilterFd = this.#netfilter?.monitorFd ?? NO_FD;
    const fds = pollDescriptors([this.#monitor.fd, this.#wakeFd, netfilterFd]);
    for (;;) {
      Atomics.store(this.#sleeping, 0, 1);
      if (this.#handleRequests() === 'close') break;
      libc.poll(fds, 3, POLL_TIMEOUT_MS);
      Atomics.store(this.#sleeping, 0, 0);
      libc.read(this.#wakeFd, this.#wakeBytes, this.#wakeBytes.length);
      if (this.#handleRequests() === 'close') break;
      this.#readEvents();
      if (this.#netfilter?.readChanges() === true) report({ kind: 'nftablesChanged' });
    }
    this.#requests.close();
    this.#monitor.close();
    this.#netfilter?.close();
  }

  #handleRequests(): 'close' | 'continue' {
    for (;;) {
      const received = receiveMessageOnPort(port) as { message: WorkerRequest } | undefined;
      if (received === undefined) return 'continue';
      const request = received.message;
      if (request.kind === 'close') return 'close';
      this.#readEvents();
      this.#handle(request);
    }
  }

  #handle(request: Exclude<WorkerRequest, { kind: 'close' }>): void {
    switch (request.kind) {
      case 'send':
        report({ kind: 'sent', id: request.id, failures: this.#send(request) });
        break;
      case 'dump':
        report({ kind: 'dumped', id: request.id, failure: this.#dump(request.id, request.request) });
        break;
      case 'forgetConnections': {
        const nothing = { deleted: 0, failure: NO_NETFILTER };
        const result = this.#netfilter?.forgetConnections(request.addresses) ?? nothing;
        report({ kind: 'forgotten', id: request.id, ...result });
        break;
      }
      case 'setChecksumOffload': {
        const failure = setChecksumOffload(request.interfaceName, request.isOn);
        report({ kind: 'offloadSet', id: request.id, failure });
        break;
      }
      case 'readSysctl':
        report({ kind: 'sysctl', id: request.id, value: readSysctlFile(this.#sysctlFolder, request.key) });
        break;
      case 'writeSysctls':
        report({
          kind: 'sysctls',
          id: request.id,
          outcomes: request.settings.map((setting) => writeSysctlFile(this.#sysctlFolder, setting)),
        });
        break;
    }
  }

  #send({ batch, firstSequence, parts }: Extract<WorkerRequest, { kind: 'send' }>): FailedRequest[] {
    const failures: FailedRequest[] = [];
    let startByte = 0;
    let start = 0;
    for (const { endByte, endCount } of parts) {
      const refusal = this.#sendPart(batch.subarray(startByte, endByte), firstSequence, endCount, failures);
      if (refusal !== null) failures.push(...failAll(start, endCount, refusal));
      startByte = endByte;
      start = endCount;
    }
    return failures;
  }

  /**
   * The kernel answers each failing request, and the last one in any case.
   * @param count of all messages up to the end of this part
   * @param failures is added to
   * @returns why nothing is known of any of them, or null
   */
  #sendPart(
    part: Uint8Array,
    firstSequence: number,
    count: number,
    failures: FailedRequest[],
  ): KernelFailure | null {
    const refusal = this.#requests.send(part);
    if (refusal !== null) return refusal;
    const refused: FailedRequest[] = [];
    let isAnswered = false;
    for (let length = this.#receive(); length !== NOTHING; length = this.#receive()) {
      if (length === OVERRUN) continue;
      const message = new MessageReader(this.#buffer.subarray(0, length));
      while (message.next()) {
        if (message.type !== ControlType.Error) continue;
        const index = (message.sequence - firstSequence) >>> 0;
        if (index >= count) continue;
        const { errno, text } = decodeError(message);
        if (errno !== 0) refused.push({ index, failure: kernelFailure(errno, text) });
        isAnswered ||= index === count - 1;
      }
    }
    if (!isAnswered) return NO_ANSWER;
    failures.push(...refused);
    return null;
  }

  /** Repeated when the kernel says that the table changed meanwhile, so that nothing is missing from it. */
  #dump(id: number, request: Uint8Array): KernelFailure | null {
    for (let attempt = 1; ; attempt++) {
      const refusal = this.#requests.send(request);
      if (refusal !== null) return refusal;
      const result = this.#receiveDump(id);
      if (result !== 'interrupted') return result;
      if (attempt === MAX_DUMP_ATTEMPTS) {
        return {
          code: 'EAGAIN',
          text: 'the kernel tables changed during every attempt to read them (EAGAIN)',
        };
      }
    }
  }

  #receiveDump(id: number): KernelFailure | 'interrupted' | null {
    let isInterrupted = false;
    for (;;) {
      const length = this.#receive();
      if (length === OVERRUN) continue;
      if (length === NOTHING) return { code: 'EIO', text: 'the kernel ended a dump early (EIO)' };
      const message = new MessageReader(this.#buffer.subarray(0, length));
      let end: KernelFailure | 'interrupted' | null | undefined;
      while (end === undefined && message.next()) {
        isInterrupted ||= (message.flags & Flag.DumpInterrupted) !== 0;
        if (message.type !== ControlType.Done && message.type !== ControlType.Error) continue;
        const { errno, text } = decodeError(message);
        end = errno === 0 ? null : kernelFailure(errno, text);
      }
      postBytes({ kind: 'part', id, messages: this.#buffer.slice(0, length) });
      if (end !== undefined) return isInterrupted && end === null ? 'interrupted' : end;
    }
  }

  #receive(): number {
    return this.#requests.receive(this.#buffer);
  }

  /** Reads all that is there; several small notifications travel together. */
  #readEvents(): void {
    let filled = 0;
    for (;;) {
      const length = this.#monitor.receive(this.#buffer.subarray(filled));
      if (length === OVERRUN) {
        report({ kind: 'eventsLost' });
        continue;
      }
      filled = align(filled + length);
      // A notification fits into half of the buffer; below that it could be cut.
      if (length !== NOTHING && filled <= RECEIVE_BYTES / 2) continue;
      if (filled > 0) postBytes({ kind: 'events', messages: this.#buffer.slice(0, filled) });
      if (length === NOTHING) return;
      filled = 0;
    }
  }
}

/** Kernels and namespaces without netfilter are no failure: then there is nothing to hear. */
function openNetfilter(): Netfilter | null {
  try {
    return new Netfilter();
  } catch {
    return null;
  }
}

function enterNamespace(path: string): void {
  const fd = openSync(path, 'r');
  const result = libc.setns(fd, CLONE_NEWNET);
  const errno = libc.errno();
  closeSync(fd);
  if (result < 0) throw new Error(`cannot enter the network namespace ${path}: ${errorCode(errno)}`);
}

function pollDescriptors(fds: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(fds.length * 8));
  fds.forEach((fd, i) => {
    view.setInt32(i * 8, fd, HOST_IS_LITTLE_ENDIAN);
    view.setInt16(i * 8 + 4, POLLIN, HOST_IS_LITTLE_ENDIAN);
  });
  return new Uint8Array(view.buffer);
}

function failAll(start: number, end: number, failure: KernelFailure): FailedRequest[] {
  return Array.from({ length: end - start }, (_, i) => ({ index: start + i, failure }));
}

function report(message: WorkerReport): void {
  port.postMessage(message);
}

function postBytes(message: Extract<WorkerReport, { messages: Uint8Array }>): void {
  port.postMessage(message, [message.messages.buffer as ArrayBuffer]);
}

if (parentPort === null) throw new Error('netlink-worker.ts runs as a Worker only');
const port = parentPort;
new KernelThread(workerData as WorkerSettings).run();
