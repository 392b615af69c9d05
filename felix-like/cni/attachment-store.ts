/**
 * What of the agent's work for CNI must outlive it: one small file for each attachment, replaced as a whole. A
 * crash of the machine may lose them, but then no pod is left either; so nothing waits for the disk.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Attachment, attachmentKey } from './attachment.ts';
import type { AttachmentId } from './network-config.ts';

const SUFFIX = '.json';
const FORMAT = 1;

export class AttachmentStore {
  readonly #folder: string;
  readonly #attachments = new Map<string, Attachment>();

  /** @throws Error when the folder can be neither read nor made */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(folder)) {
      const attachment = name.endsWith(SUFFIX) ? readAttachment(join(folder, name)) : null;
      // What is no whole record is of a write that was cut short: before anything was done, or by a crash.
      if (attachment === null) rmSync(join(folder, name), { recursive: true, force: true });
      else this.#attachments.set(attachmentKey(attachment), attachment);
    }
  }

  get(id: AttachmentId): Attachment | null {
    return this.#attachments.get(attachmentKey(id)) ?? null;
  }

  list(): readonly Attachment[] {
    return [...this.#attachments.values()];
  }

  /** In the file system when this returns. @throws Error when that is not possible */
  put(attachment: Attachment): void {
    const path = this.#path(attachment);
    writeFileSync(`${path}.new`, `${JSON.stringify({ format: FORMAT, ...attachment })}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    this.#attachments.set(attachmentKey(attachment), attachment);
  }

  delete(id: AttachmentId): void {
    rmSync(this.#path(id), { force: true });
    this.#attachments.delete(attachmentKey(id));
  }

  #path({ containerId, ifName }: AttachmentId): string {
    return join(this.#folder, `${containerId}@${encodeURIComponent(ifName)}${SUFFIX}`);
  }
}

/** @throws Error for a record of another format: to drop it would give the address of a running pod to another */
function readAttachment(path: string): Attachment | null {
  const record = parseRecord(readFileSync(path, 'utf8'));
  if (record === null) return null;
  const { format, ...attachment } = record;
  if (format !== FORMAT) throw new Error(`${path} is of format ${format}, of another version of Manul`);
  return attachment;
}

function parseRecord(text: string): (Attachment & { readonly format: number }) | null {
  try {
    return JSON.parse(text) as Attachment & { readonly format: number };
  } catch {
    return null;
  }
}
