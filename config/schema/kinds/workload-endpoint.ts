/** WorkloadEndpoint: one interface of one workload on one node. */
import { type Prefix, parsePrefix } from '@manul/bgp/net';
import { z } from 'zod';
import { address, hostPrefix, macAddress, plainText, Refusal, text } from '../fields.ts';
import { objectOf } from './calico-kind.ts';

const INTERFACE_NAME = /^[^\s/:]{1,15}$/;

const parseSource = (value: string): Prefix | Refusal =>
  parsePrefix(value, { mask: true }) ??
  new Refusal(`must be an address or a prefix, is ${JSON.stringify(value)}`);

const spec = z.strictObject({
  node: z.string().min(1).describe('Node that the workload runs on'),
  interfaceName: text('Host side of the veth pair', (value): string | Refusal =>
    INTERFACE_NAME.test(value) && value !== '.' && value !== '..'
      ? value
      : new Refusal(`must be an interface name of 1 to 15 characters, is ${JSON.stringify(value)}`),
  ).optional(),
  ipNetworks: z.array(hostPrefix('Address')).default([]).describe('Addresses of the workload, /32 or /128'),
  mac: macAddress('MAC address of the workload').optional(),
  orchestrator: plainText('What started the workload').optional(),
  workload: plainText('Name of the workload').optional(),
  endpoint: plainText('Name of the interface inside the workload').optional(),
  pod: plainText('Name of the pod').optional(),
  containerID: plainText('Container').optional(),
  serviceAccountName: plainText('Service account').optional(),
  profiles: z.array(z.string()).optional().describe('Policy profiles'),
  ipv4Gateway: address('Gateway', 'ipv4').optional(),
  ipv6Gateway: address('Gateway', 'ipv6').optional(),
  ipNATs: z.array(z.unknown()).optional().describe('Floating IPs'),
  ports: z.array(z.unknown()).optional().describe('Named ports'),
  allowSpoofedSourcePrefixes: z
    .array(text('Address or prefix', parseSource))
    .optional()
    .describe('Sources that the workload may use beside its addresses; needs workloadSourceSpoofing: Any'),
  qosControls: z.unknown().optional().describe('Traffic limits'),
});

export const workloadEndpoint = objectOf(spec);
