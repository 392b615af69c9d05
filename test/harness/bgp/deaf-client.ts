/** A client that brings its session up and then reads nothing until told to. */
import { connect, type Socket } from 'node:net';
import { capability, encodeOpen, KEEPALIVE } from './encode.ts';

export function dialDeaf(
  target: { readonly address: string; readonly port: number },
  localAddress: string,
  holdTimeSec = 90,
): Socket {
  const socket = connect({ host: target.address, port: target.port, localAddress });
  socket.pause();
  socket.on('error', () => undefined);
  const capabilities = [capability.multiprotocol('ipv4'), capability.fourOctetAs(64512)];
  socket.write(encodeOpen({ asn: 64512, routerId: '10.0.0.2', holdTimeSec, capabilities }));
  socket.write(KEEPALIVE);
  return socket;
}
