/** Extended Message (RFC 8654 §3): no value. */
import { CapabilityCode } from '../iana.ts';
import { type ExtendedMessageCapability, flagCapability } from './capability.ts';

export const extendedMessage = flagCapability<ExtendedMessageCapability>(
  'extendedMessage',
  CapabilityCode.ExtendedMessage,
  'extended message',
);
