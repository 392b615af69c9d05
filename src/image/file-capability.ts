/**
 * Capabilities of a file inside an image, without root and without a file system that knows them: the extended
 * attribute `security.capability` as a PAX header before the file in its layer (`SCHILY.xattr.`, which
 * container runtimes and GNU tar set when they unpack).
 */

export interface FileCapability {
  /** Of the file, as the archive names it. */
  readonly path: string;
  /** Number of the capability. It is permitted, not in effect: where a container may not have it, the file still runs. */
  readonly number: number;
}

const BLOCK_OCTETS = 512;
/** `VFS_CAP_REVISION_2` without the flag that puts them into effect. */
const REVISION = 0x02000000;

/** @param archive in tar's format, with a file of that name @throws Error where it has none */
export function withFileCapability(archive: Buffer, { path, number }: FileCapability): Buffer {
  const at = headerOf(archive, path);
  const record = paxRecord('SCHILY.xattr.security.capability', attributeOf(number));
  const body = Buffer.alloc(Math.ceil(record.length / BLOCK_OCTETS) * BLOCK_OCTETS);
  record.copy(body);
  const header = paxHeader(archive.subarray(at, at + BLOCK_OCTETS), record.length);
  return Buffer.concat([archive.subarray(0, at), header, body, archive.subarray(at)]);
}

/** Offset of its header. */
function headerOf(archive: Buffer, path: string): number {
  let at = 0;
  while (at + BLOCK_OCTETS <= archive.length) {
    const name = textAt(archive, at, 100);
    if (name === path) return at;
    const size = Number.parseInt(textAt(archive, at + 124, 12), 8) || 0;
    at += BLOCK_OCTETS * (1 + Math.ceil(size / BLOCK_OCTETS));
  }
  throw new Error(`the layer has no file ${path}`);
}

function textAt(archive: Buffer, at: number, length: number): string {
  return archive.toString('latin1', at, at + length).replace(/\0.*$/s, '');
}

/** `struct vfs_cap_data`: revision, then permitted and inheritable of the lower 32, of the upper 32. */
function attributeOf(number: number): Buffer {
  const words = Uint32Array.of(REVISION, 0, 0, 0, 0);
  words[number < 32 ? 1 : 3] = 2 ** (number % 32);
  const bytes = Buffer.alloc(words.length * 4);
  for (const [i, word] of words.entries()) bytes.writeUInt32LE(word, i * 4);
  return bytes;
}

/** `LENGTH KEY=VALUE\n`; the length counts itself. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** That of the file, but for name, size, type and what marks the format. */
function paxHeader(file: Buffer, size: number): Buffer {
  const header = Buffer.from(file);
  header.fill(0, 0, 100);
  header.write('PaxHeaders/capability', 0, 'latin1');
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  header.write('x', 156, 'latin1');
  header.write('ustar\0' + '00', 257, 'latin1');
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, octet) => total + octet, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}
