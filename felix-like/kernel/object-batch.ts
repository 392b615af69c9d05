/** Operations on links, addresses and neighbours on their way to the kernel, and its refusals in words about them. */
import { closeSync, openSync } from 'node:fs';
import type { KernelFailure, ObjectOperation, OperationFailure } from './kernel-port.ts';
import { encodeAddressOperation } from './netlink/address-message.ts';
import { encodeLinkOperation } from './netlink/link-operation.ts';
import type { MessageWriter } from './netlink/message-writer.ts';
import { encodeNeighbourOperation } from './netlink/neighbour-message.ts';
import { generalText } from './system-error.ts';

export class ObjectBatch {
  readonly operations: readonly ObjectOperation[];
  /** Open until the kernel has answered: requests name namespaces by their descriptors. */
  readonly #namespaceFds: number[] = [];

  constructor(operations: readonly ObjectOperation[]) {
    this.operations = operations;
  }

  /** @throws Error when a namespace cannot be opened, RangeError for text that is no address or MAC */
  encode(writer: MessageWriter, index: number, sequence: number, wantsAck: boolean): void {
    const operation = this.operations[index]!;
    switch (operation.kind) {
      case 'link':
        encodeLinkOperation(writer, operation, sequence, wantsAck, this.#openNamespace(operation));
        break;
      case 'address':
        encodeAddressOperation(writer, operation.op, operation.address, sequence, wantsAck);
        break;
      case 'neighbour':
        encodeNeighbourOperation(writer, operation.op, operation.neighbour, sequence, wantsAck);
        break;
    }
  }

  explain(failures: readonly OperationFailure[]): OperationFailure[] {
    return failures.map((failure) => {
      const text = explanation(this.operations[failure.index]!, failure);
      return text === null ? failure : { ...failure, text: `${text} (${failure.code})` };
    });
  }

  close(): void {
    for (const fd of this.#namespaceFds.splice(0)) closeSync(fd);
  }

  #openNamespace(operation: ObjectOperation): number | null {
    if (operation.kind !== 'link' || operation.op !== 'create' || operation.link.kind !== 'veth') return null;
    const path = operation.link.peer.networkNamespace;
    if (path === null) return null;
    const fd = openSync(path, 'r');
    this.#namespaceFds.push(fd);
    return fd;
  }
}

/** What a code means for this operation, where the general text would mislead; else null. */
function explanation(operation: ObjectOperation, { code, text }: KernelFailure): string | null {
  if (operation.kind === 'link') {
    if (code === 'EOPNOTSUPP' && operation.op === 'create') {
      return `this kernel has no links of kind ${operation.link.kind}: its module ${operation.link.kind} is missing`;
    }
    // The kernel's own words say more: that it is the VNI which another device has, for one.
    if (text !== generalText(code)) return null;
    return code === 'EEXIST' ? 'there is such a link already' : null;
  }
  if (code === 'EEXIST')
    return `there is such ${operation.kind === 'address' ? 'an address' : 'an entry'} already`;
  if (code === 'ENOENT' || code === 'ESRCH') return 'there is no such entry';
  return null;
}
