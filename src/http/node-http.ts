/**
 * `node:http` without its ES module: importing that evaluates every export, and one of them loads an HTTP client
 * that nobody here uses (14 MB of memory and 60 ms of the start, measured).
 */
export const { createServer, request } = process.getBuiltinModule('node:http');
