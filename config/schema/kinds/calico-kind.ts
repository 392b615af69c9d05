/** What all of Calico's kinds and ours have around their `spec`. */
import { z } from 'zod';
import { strictMetadata } from '../metadata.ts';

/** The schema of a whole object. `status` is taken out before parsing and never judged. */
export function objectOf<Spec extends z.ZodType>(spec: Spec) {
  return z.strictObject({ apiVersion: z.string(), kind: z.string(), metadata: strictMetadata, spec });
}
