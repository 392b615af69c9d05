/** Tunnels, other nodes and their prefixes, as the agent is given them. */
import { calico, config, node, object, warningLines } from '../support/render-yaml.ts';

const B_MAC = '66:a8:6f:cf:1c:56';
const TUNNELS = {
  bgp: { ipv4Address: '10.0.0.1/24', ipv6Address: 'fd99::1/64', ipv4IPIPTunnelAddr: '10.65.0.1' },
  ipv4VXLANTunnelAddr: '10.65.0.2',
  ipv6VXLANTunnelAddr: 'fd65::2',
};
const A = calico('Node', 'a', TUNNELS);
const pool = (name: string, spec: object) => calico('IPPool', name, spec);
const felix = (spec: object) => calico('FelixConfiguration', 'default', spec);
const agent = (yaml: string) => config(yaml, 'a').agent;
const warnings = (yaml: string) => warningLines(config(yaml, 'a').rendered);

const IPIP = pool('ipip', { cidr: '10.65.0.0/16', ipipMode: 'Always' });
const VXLAN = pool('vxlan', { cidr: '10.66.0.0/16', vxlanMode: 'CrossSubnet' });
const VXLAN6 = pool('vxlan6', { cidr: 'fd65::/48', vxlanMode: 'Always' });

describe('tunnel devices', () => {
  test('are those that the pools ask for', () => {
    expect(agent(A + IPIP + VXLAN + VXLAN6).tunnels).toEqual({
      ipip: { interfaceName: 'tunl0', address: '10.65.0.1', mtu: null },
      vxlan: {
        ipv4: {
          interfaceName: 'vxlan.calico',
          address: '10.65.0.2',
          mtu: null,
          vni: 4096,
          port: 4789,
          mac: '66:86:f7:e4:37:fa',
        },
        ipv6: {
          interfaceName: 'vxlan-v6.calico',
          address: 'fd65::2',
          mtu: null,
          vni: 4096,
          port: 4789,
          mac: expect.stringMatching(/^66:/) as string,
        },
      },
    });
    expect(warnings(A + IPIP + VXLAN + VXLAN6)).toEqual([]);
  });

  test('take their numbers from FelixConfiguration', () => {
    const yaml =
      A +
      IPIP +
      VXLAN +
      felix({ ipipMTU: 1400, vxlanMTU: 1300, vxlanPort: 4790, vxlanVNI: 7, routeSource: 'CalicoIPAM' });
    expect(agent(yaml).tunnels).toMatchObject({
      ipip: { mtu: 1400 },
      vxlan: { ipv4: { mtu: 1300, port: 4790, vni: 7 }, ipv6: null },
    });
    expect(warnings(yaml)).toEqual([]);
  });

  test('are forced on and off by FelixConfiguration', () => {
    expect(agent(A + felix({ ipipEnabled: true, vxlanEnabled: true })).tunnels).toMatchObject({
      ipip: { interfaceName: 'tunl0' },
      vxlan: { ipv4: { interfaceName: 'vxlan.calico' }, ipv6: null },
    });
    expect(agent(A + IPIP + VXLAN + felix({ ipipEnabled: false, vxlanEnabled: false })).tunnels).toEqual({
      ipip: null,
      vxlan: { ipv4: null, ipv6: null },
    });
  });

  test('without an address are made, with a warning', () => {
    const yaml = node('a', { v4: '10.0.0.1/24' }) + IPIP + VXLAN;
    expect(agent(yaml).tunnels).toMatchObject({
      ipip: { address: null },
      vxlan: { ipv4: { address: null } },
    });
    expect(warnings(yaml)).toEqual([
      'Node/a spec.bgp.ipv4IPIPTunnelAddr: is missing: tunl0 has no address, and other nodes may not reach this one over it',
      'Node/a spec.ipv4VXLANTunnelAddr: is missing: vxlan.calico has no address, and other nodes may not reach this one over it',
    ]);
  });

  test('are not made on a node that is nowhere in the underlay', () => {
    expect(agent(IPIP + VXLAN).tunnels).toEqual({ ipip: null, vxlan: { ipv4: null, ipv6: null } });
  });

  test('take addresses from the annotations of a Kubernetes Node, and the first of its pod CIDR for tunl0', () => {
    const core = (name: string, annotations: object, spec: object = {}) =>
      object('v1', 'Node', name, spec, { annotations });
    const yaml =
      core(
        'a',
        {
          'projectcalico.org/IPv4Address': '10.0.0.1/24',
          'projectcalico.org/IPv4VXLANTunnelAddr': '10.65.0.2',
          'projectcalico.org/VXLANTunnelMACAddr': '66:AA:BB:CC:DD:EE',
          'projectcalico.org/IPv6VXLANTunnelAddr': '10.65.0.9',
        },
        { podCIDR: '10.70.1.0/24' },
      ) +
      IPIP +
      VXLAN;
    expect(agent(yaml).tunnels).toMatchObject({
      ipip: { address: '10.70.1.1' },
      vxlan: { ipv4: { address: '10.65.0.2', mac: '66:aa:bb:cc:dd:ee' } },
    });
    expect(warnings(yaml)).toEqual([
      'Node/a metadata.annotations["projectcalico.org/IPv6VXLANTunnelAddr"]: is ignored: no IPv6 address: "10.65.0.9"',
    ]);
  });
});

describe('other nodes', () => {
  const B = calico('Node', 'kube-node-1', {
    bgp: { ipv4Address: '10.0.0.2/24' },
    ipv4VXLANTunnelAddr: '10.66.1.1',
  });

  test('have their addresses, and ends of the VXLAN with a MAC that follows from their name', () => {
    expect(agent(A + B).remoteNodes).toEqual([
      {
        name: 'kube-node-1',
        addresses: { ipv4: '10.0.0.2', ipv6: null },
        vteps: { ipv4: { address: '10.66.1.1', mac: B_MAC }, ipv6: null },
      },
    ]);
  });

  test('of two with one tunnel address the first by name has it', () => {
    const twin = calico('Node', 'z', {
      bgp: { ipv4Address: '10.0.0.3/24' },
      ipv4VXLANTunnelAddr: '10.66.1.1',
    });
    const vteps = agent(A + twin + B).remoteNodes.map(({ name, vteps: { ipv4 } }) => [
      name,
      ipv4?.address ?? null,
    ]);
    expect(vteps).toEqual([
      ['kube-node-1', '10.66.1.1'],
      ['z', null],
    ]);
    expect(warnings(A + twin + B)).toEqual([
      'Node/z spec: has the VXLAN address or MAC of Node/kube-node-1, which counts: 10.66.1.1',
    ]);
  });

  const affinity = (name: string, spec: object) => calico('BlockAffinity', name, spec);
  const block = (spec: object) => calico('IPAMBlock', 'block', { unallocated: [], ...spec });
  const held = (by: string) => ({ handle_id: 'h', secondary: { node: by } });

  test.each<[string, string, readonly string[]]>([
    [
      'blocks by affinity',
      affinity('x', { cidr: '10.65.1.0/26', node: 'kube-node-1' }),
      ['10.65.1.0/26 kube-node-1'],
    ],
    [
      'none by a pending one',
      affinity('x', { cidr: '10.65.1.0/26', node: 'kube-node-1', state: 'pending' }),
      [],
    ],
    ['none of a node that is gone', affinity('x', { cidr: '10.65.1.0/26', node: 'gone' }), []],
    [
      "blocks by the block's own word, and addresses that were borrowed from them",
      block({
        cidr: '10.65.1.0/30',
        affinity: 'host:kube-node-1',
        allocations: [0, 1, 2, null],
        attributes: [held('kube-node-1'), held('z'), held('a')],
      }) + node('z', { v4: '10.0.0.9/24' }),
      ['10.65.1.0/30 kube-node-1', '10.65.1.1/32 z'],
    ],
    [
      'addresses that were borrowed from an own block',
      affinity('own', { cidr: '10.65.0.0/30', node: 'a' }) +
        block({
          cidr: '10.65.0.0/30',
          affinity: 'host:a',
          allocations: [null, 0, null, null],
          attributes: [held('kube-node-1')],
        }),
      ['10.65.0.1/32 kube-node-1'],
    ],
    [
      'pod CIDRs where there is no block',
      object('v1', 'Node', 'kube-node-1', { podCIDRs: ['10.70.1.0/24', 'fd70::/64'] }),
      ['10.70.1.0/24 kube-node-1', 'fd70::/64 kube-node-1'],
    ],
    [
      'addresses of workloads where those are the source',
      felix({ routeSource: 'WorkloadIPs' }) +
        affinity('x', { cidr: '10.65.1.0/26', node: 'kube-node-1' }) +
        calico('WorkloadEndpoint', 'w', {
          node: 'kube-node-1',
          interfaceName: 'cali1',
          ipNetworks: ['10.65.1.5/32'],
        }),
      ['10.65.1.5/32 kube-node-1'],
    ],
  ])('have prefixes: %s', (_what, yaml, prefixes) => {
    const remote = agent(A + B + yaml).remotePrefixes.map(({ prefix, node: name }) => `${prefix} ${name}`);
    expect(remote).toEqual(prefixes);
  });
});

describe('programClusterRoutes', () => {
  const bgp = (value: string) => calico('BGPConfiguration', 'default', { programClusterRoutes: value });
  const off = 'those of IPPool/ipip are not written';

  test.each([
    ['', '', { ipip: true, noEncapsulation: true }, []],
    ['Disabled', 'Disabled', { ipip: false, noEncapsulation: false }, [off]],
    ['EnabledIPIPOnly', 'Disabled', { ipip: true, noEncapsulation: false }, []],
    ['Disabled', 'Enabled', { ipip: true, noEncapsulation: true }, []],
    ['EnabledNoEncapOnly', 'EnabledNoEncapOnly', { ipip: false, noEncapsulation: true }, [off]],
  ])('Felix %j and BGP %j', (ofFelix, ofBgp, programmed, told) => {
    const yaml =
      A +
      IPIP +
      (ofFelix === '' ? '' : felix({ programClusterRoutes: ofFelix })) +
      (ofBgp === '' ? '' : bgp(ofBgp));
    expect(agent(yaml).programmed).toEqual(programmed);
    const lines = warnings(yaml);
    expect(lines).toHaveLength(told.length);
    told.forEach((text, i) => {
      expect(lines[i]).toContain(text);
    });
  });
});
