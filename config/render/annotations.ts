/** Options that annotations `manul.dev/…` set, as far as they mean something. */
import { formatFieldPath } from '../schema/issue-text.ts';
import type { Metadata } from '../schema/metadata.ts';
import {
  type AnnotationForm,
  DECISION_OPTIONS,
  meansNothing,
  OPTION_PREFIX,
  type OptionValue,
  PEER_OPTIONS,
} from '../schema/option-annotations.ts';
import type { BgpConfiguration, BgpPeer } from '../schema/resource-set.ts';
import type { RenderContext } from './render-context.ts';

type PeerOptions = typeof PEER_OPTIONS;
type DecisionOptions = typeof DECISION_OPTIONS;

/** @returns null where the annotation is missing, or means nothing, which is a warning */
export function peerOption<N extends keyof PeerOptions>(
  context: RenderContext,
  { metadata }: BgpPeer,
  name: N,
): OptionValue<PeerOptions[N]> | null {
  const form = PEER_OPTIONS[name] as AnnotationForm<OptionValue<PeerOptions[N]>>;
  return read(context, `BGPPeer/${metadata.name}`, metadata, name, form);
}

/** As `peerOption`. */
export function decisionOption<N extends keyof DecisionOptions>(
  context: RenderContext,
  { metadata }: BgpConfiguration,
  name: N,
): OptionValue<DecisionOptions[N]> | null {
  const form = DECISION_OPTIONS[name] as AnnotationForm<OptionValue<DecisionOptions[N]>>;
  return read(context, `BGPConfiguration/${metadata.name}`, metadata, name, form);
}

function read<T>(
  { warnings }: RenderContext,
  resource: string,
  { annotations }: Metadata,
  name: string,
  form: AnnotationForm<T>,
): T | null {
  const text = annotations[OPTION_PREFIX + name];
  if (text === undefined) return null;
  const value = form.parse(text);
  if (value === null) {
    warnings.add(resource, optionField(name), `${meansNothing(text, form)}: it has no effect`);
  }
  return value;
}

/** Where an option stands: `metadata.annotations["manul.dev/role"]`. */
export function optionField(name: string): string {
  return formatFieldPath(['metadata', 'annotations', OPTION_PREFIX + name]);
}
