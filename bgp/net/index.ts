export * from './address.ts';
export * from './family.ts';
export * from './prefix.ts';
export * from './scoped-address.ts';
