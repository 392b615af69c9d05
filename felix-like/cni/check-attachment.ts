/** CHECK: whether an attachment is still as ADD left it. */
import type { PodNetwork } from '../kernel/pod-network-port.ts';
import type { Attachment } from './attachment.ts';
import { CniCode, CniError } from './cni-error.ts';
import { podRoutes } from './pod-addressing.ts';

/** @throws CniError naming the first thing that is missing */
export async function checkAttachment(
  attachment: Attachment,
  netns: string,
  network: PodNetwork,
): Promise<void> {
  const { hostInterface, hostIndex, ifName, addresses } = attachment;
  const host = await network.findHostLink(hostInterface);
  if (host === null || host.index !== hostIndex) throw notAsMade(`${hostInterface} does not exist`);
  if (!host.isUp) throw notAsMade(`${hostInterface} is down`);
  const { value: pod, failure } = await network.inspect(netns, ifName);
  if (failure !== null) throw new CniError(CniCode.Failed, 'the pod cannot be looked at', failure.text);
  if (pod === null) throw notAsMade(`${ifName} does not exist in ${netns}`);
  if (!pod.link.isUp) throw notAsMade(`${ifName} is down`);
  for (const address of addresses) {
    if (!pod.addresses.includes(address.split('/')[0]!)) throw notAsMade(`${ifName} lacks ${address}`);
  }
  for (const { prefix, gateway } of podRoutes(addresses)) {
    const isThere = pod.routes.some((route) => route.prefix === prefix && route.gateway === gateway);
    if (!isThere) throw notAsMade(`${ifName} lacks the route ${prefix}`);
  }
}

function notAsMade(details: string): CniError {
  return new CniError(CniCode.NotAsMade, 'the attachment is not as it was made', details);
}
