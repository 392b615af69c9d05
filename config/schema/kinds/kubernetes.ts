/** Kubernetes' own kinds, as far as we read them. Other fields are ignored. */
import { z } from 'zod';
import { prefix, Refusal, text } from '../fields.ts';
import { looseMetadata } from '../metadata.ts';

const head = { apiVersion: z.string(), kind: z.string(), metadata: looseMetadata };

const podCidr = prefix('Range of pod addresses', { mask: true });

export const coreNode = z.object({
  ...head,
  spec: z.object({ podCIDR: podCidr.optional(), podCIDRs: z.array(podCidr).optional() }).default({}),
  status: z
    .object({ addresses: z.array(z.object({ type: z.string(), address: z.string() })).optional() })
    .default({}),
});

export const pod = z.object({
  ...head,
  spec: z
    .object({
      nodeName: z.string().optional(),
      hostNetwork: z.boolean().optional(),
      serviceAccountName: z.string().optional(),
    })
    .default({}),
  status: z
    .object({
      phase: z.string().optional(),
      podIP: z.string().optional(),
      podIPs: z.array(z.object({ ip: z.string().optional() })).optional(),
    })
    .default({}),
});

export const service = z.object({
  ...head,
  spec: z
    .object({
      type: z.string().default('ClusterIP'),
      clusterIP: z.string().optional(),
      clusterIPs: z.array(z.string()).optional(),
      externalIPs: z.array(z.string()).default([]),
      externalTrafficPolicy: z.string().optional(),
      loadBalancerIP: z.string().optional(),
    })
    .prefault({}),
  status: z
    .object({
      loadBalancer: z
        .object({ ingress: z.array(z.object({ ip: z.string().optional() })).optional() })
        .optional(),
    })
    .default({}),
});

export const endpointSlice = z.object({
  ...head,
  addressType: z.string(),
  endpoints: z
    .array(
      z.object({
        addresses: z.array(z.string()),
        conditions: z.object({ ready: z.boolean().optional() }).optional(),
        nodeName: z.string().optional(),
      }),
    )
    .default([]),
});

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

const base64 = text(
  'Base64',
  (value): Uint8Array | Refusal => {
    const compact = value.replace(/\s/g, '');
    return BASE64.test(compact) ? Buffer.from(compact, 'base64') : new Refusal('must be base64');
  },
  1_500_000,
);

export const secret = z.object({
  ...head,
  data: z.record(z.string(), base64).default({}),
  stringData: z.record(z.string(), z.string()).default({}),
});
