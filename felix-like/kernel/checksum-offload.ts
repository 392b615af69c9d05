/**
 * Checksums of packets that leave by an interface, computed by the device or by the kernel (ethtool(8), `tx`). For
 * VXLAN devices, kernels before 5.7 get them wrong where the source address was translated on the way.
 */
import type { KernelFailure } from './kernel-port.ts';
import * as libc from './libc.ts';
import { errorCode, kernelFailure } from './system-error.ts';

const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const SIOCETHTOOL = 0x8946;
const ETHTOOL_STXCSUM = 0x17;
/** struct ifreq { char name[16]; union of 24 octets, here a pointer to what ethtool is asked }. */
const REQUEST_BYTES = 40;
const NAME_BYTES = 16;

/** In the network namespace of the calling thread. @returns null when it is so now */
export function setChecksumOffload(interfaceName: string, isOn: boolean): KernelFailure | null {
  const value = new Uint8Array(Uint32Array.of(ETHTOOL_STXCSUM, Number(isOn)).buffer);
  const request = new Uint8Array(REQUEST_BYTES);
  request.set(Buffer.from(interfaceName).subarray(0, NAME_BYTES - 1));
  new BigUint64Array(request.buffer, NAME_BYTES, 1)[0] = libc.addressOf(value);
  const fd = libc.socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0);
  if (fd < 0) return { code: errorCode(libc.errno()), text: 'no socket to ask by' };
  const result = libc.ioctl(fd, SIOCETHTOOL, request);
  const errno = libc.errno();
  libc.close(fd);
  return result < 0 ? kernelFailure(errno) : null;
}

/** @param release of the kernel, `5.4.0-150-generic` */
export function hasBrokenOffload(release: string): boolean {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  return Number(major) < 5 || (Number(major) === 5 && Number(minor) < 7);
}
