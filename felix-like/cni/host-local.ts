/** Addresses by delegation to the standard plugin `host-local`, which keeps them in files below a folder. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { addressBits, canonicalAddress, type Family, parsePrefix } from '@manul/bgp/net';
import { CniCode, CniError } from './cni-error.ts';
import type { AttachmentId } from './network-config.ts';

export interface HostLocalOptions {
  /** The executable. */
  readonly program: string;
  /** Where it keeps what is taken; a folder for each network. */
  readonly folder: string;
}

/** An address that is taken. */
export interface AddressHolder extends AttachmentId {
  readonly network: string;
  readonly address: string;
}

/** The version of the configuration that we write; host-local answers in it. */
const CNI_VERSION = '1.0.0';
const TIMEOUT_MS = 30_000;
/** Executions at once: each holds a lock on the folder, and waits for the others. */
const MAX_RUNNING = 8;
/** Releasing looks at no range, but the plugin wants one. */
const ANY_RANGE = ['192.0.2.0/24'];

export class HostLocal {
  readonly #options: HostLocalOptions;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: HostLocalOptions) {
    this.#options = options;
  }

  /**
   * One address of each family that `ranges` have.
   * @returns host prefixes
   * @throws CniError with what host-local says
   */
  async add(network: string, id: AttachmentId, netns: string, ranges: readonly string[]): Promise<string[]> {
    const output = await this.#run('ADD', network, id, netns, ranges);
    const { ips = [] } = JSON.parse(output) as { ips?: { address?: string }[] };
    const addresses = ips.flatMap(({ address = '' }) => {
      const canonical = canonicalAddress(address.split('/')[0]!);
      if (canonical === null) return [];
      return [`${canonical}/${addressBits(canonical.includes(':') ? 'ipv6' : 'ipv4')}`];
    });
    if (addresses.length === 0) throw new CniError(CniCode.Failed, 'host-local gave no address', output);
    return addresses;
  }

  /** @throws CniError when it has none for this attachment */
  async check(network: string, id: AttachmentId, netns: string, ranges: readonly string[]): Promise<void> {
    await this.#run('CHECK', network, id, netns, ranges);
  }

  /** Gives back whatever the attachment has; nothing is no error. */
  async delete(network: string, id: AttachmentId): Promise<void> {
    await this.#run('DEL', network, id, '', ANY_RANGE);
  }

  /** Every address that is taken, of all networks. */
  holders(): readonly AddressHolder[] {
    return list(this.#options.folder).flatMap((network) =>
      list(join(this.#options.folder, network)).flatMap((name): AddressHolder[] => {
        const address = canonicalAddress(name.replaceAll('_', ':'));
        if (address === null) return [];
        const [containerId = '', ifName = ''] = readText(join(this.#options.folder, network, name)).split(
          /\r?\n/,
        );
        return [{ network, address, containerId: containerId.trim(), ifName: ifName.trim() }];
      }),
    );
  }

  async #run(
    command: string,
    network: string,
    id: AttachmentId,
    netns: string,
    ranges: readonly string[],
  ): Promise<string> {
    if (this.#running >= MAX_RUNNING) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      return await this.#execute(command, network, id, netns, ranges);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  #execute(
    command: string,
    network: string,
    { containerId, ifName }: AttachmentId,
    netns: string,
    ranges: readonly string[],
  ): Promise<string> {
    const { program, folder } = this.#options;
    const ipam = { type: 'host-local', dataDir: folder, ranges: rangeSets(ranges) };
    const config = { cniVersion: CNI_VERSION, name: network, type: 'manul', ipam, prevResult: PREV_RESULT };
    return new Promise((resolve, reject) => {
      const child = execFile(
        program,
        [],
        {
          env: {
            CNI_COMMAND: command,
            CNI_CONTAINERID: containerId,
            CNI_NETNS: netns,
            CNI_IFNAME: ifName,
            CNI_PATH: '/',
          },
          timeout: TIMEOUT_MS,
        },
        (error, stdout, stderr) => {
          if (error === null) resolve(stdout);
          else reject(failure(command, stdout, stderr || error.message));
        },
      );
      child.stdin?.on('error', () => {}); // it may end without reading
      child.stdin?.end(JSON.stringify(config));
    });
  }
}

/** CHECK wants one; host-local looks only at its own files. */
const PREV_RESULT = { cniVersion: CNI_VERSION, ips: [], interfaces: [] };

/** One set for each family: an address is taken from each set. */
function rangeSets(ranges: readonly string[]): { subnet: string }[][] {
  const families: readonly Family[] = ['ipv4', 'ipv6'];
  return families
    .map((family) => ranges.filter((range) => parsePrefix(range)?.family === family))
    .filter((set) => set.length > 0)
    .map((set) => set.map((subnet) => ({ subnet })));
}

/** host-local speaks as CNI plugins do: an error object on standard output. */
function failure(command: string, stdout: string, text: string): CniError {
  let said = text.trim();
  try {
    const { msg, details } = JSON.parse(stdout) as { msg?: string; details?: string };
    said = [msg, details].filter(Boolean).join(': ');
  } catch {
    // it died before it could say anything
  }
  return new CniError(CniCode.Failed, `host-local ${command} failed`, said);
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
