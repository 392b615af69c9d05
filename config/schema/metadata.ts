/** Object metadata: the part of it that we read, and the rest of Kubernetes' fields, which are let through. */
import { z } from 'zod';

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const NAME_RULE = 'must be lower-case letters, digits, - and ., beginning and ending with a letter or digit';

const labels = z.record(z.string(), z.string());

const shape = {
  name: z
    .string()
    .min(1)
    .max(253)
    .regex(NAME, NAME_RULE)
    .describe('Name, unique among the objects of the kind'),
  namespace: z.string().max(63).optional().describe('Namespace, of namespaced kinds'),
  labels: labels.default({}).describe('Labels, which selectors match'),
  annotations: labels.default({}).describe('Annotations'),
};

/** Fields of ObjectMeta that say nothing to us. */
const bookkeeping = {
  creationTimestamp: z.unknown().optional(),
  deletionGracePeriodSeconds: z.unknown().optional(),
  deletionTimestamp: z.unknown().optional(),
  finalizers: z.unknown().optional(),
  generateName: z.unknown().optional(),
  generation: z.unknown().optional(),
  managedFields: z.unknown().optional(),
  ownerReferences: z.unknown().optional(),
  resourceVersion: z.unknown().optional(),
  selfLink: z.unknown().optional(),
  uid: z.unknown().optional(),
};

/** Metadata of Calico's kinds and ours: unknown fields are judged. */
export const strictMetadata = z.strictObject({ ...shape, ...bookkeeping });

/** Metadata of Kubernetes' kinds. */
export const looseMetadata = z.object({
  ...shape,
  name: z.string().min(1).max(253),
  deletionTimestamp: z.string().optional(),
});

export interface Metadata {
  readonly name: string;
  /** Of namespaced kinds; `default` where none was written. */
  readonly namespace?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}
