/** Numbers of netlink(7) and rtnetlink(7), as in the kernel's linux/netlink.h, rtnetlink.h, if_link.h, if_addr.h. */

export const HEADER_BYTES = 16;
export const NETLINK_ROUTE = 0;

export const ControlType = { Error: 2, Done: 3 } as const;

export const MessageType = {
  NewLink: 16,
  DelLink: 17,
  GetLink: 18,
  NewAddr: 20,
  DelAddr: 21,
  GetAddr: 22,
  NewRoute: 24,
  DelRoute: 25,
  GetRoute: 26,
  NewNeighbour: 28,
  DelNeighbour: 29,
  GetNeighbour: 30,
  NewParameters: 80,
} as const;

export const Flag = {
  Request: 0x1,
  Ack: 0x4,
  DumpInterrupted: 0x10,
  Dump: 0x300,
  Replace: 0x100,
  Exclusive: 0x200,
  Create: 0x400,
  /** In an error message: the request that failed is cut to its header. */
  Capped: 0x100,
  /** In an error message: attributes follow. */
  AckTlvs: 0x200,
} as const;

/** Bits of the bind mask. */
export const Group = {
  Link: 0x1,
  Neighbour: 0x4,
  Ipv4Address: 0x10,
  Ipv4Route: 0x40,
  Ipv6Address: 0x100,
  Ipv6Route: 0x400,
  Ipv4Parameters: 0x800000,
  Ipv6Parameters: 0x1000000,
} as const;

/** Address families of the socket layer. */
export const AF_UNSPEC = 0;
export const AF_INET = 2;
export const AF_BRIDGE = 7;
export const AF_INET6 = 10;

export const RouteAttribute = {
  Destination: 1,
  OutInterface: 4,
  Gateway: 5,
  Priority: 6,
  PreferredSource: 7,
  Multipath: 9,
  Table: 15,
  Via: 18,
} as const;

/** `rtm_flags`, and flags of one next hop. */
export const RouteFlag = { Cloned: 0x200, OnLink: 0x4 } as const;

export const TABLE_UNSPEC = 0;
export const SCOPE_NOWHERE = 255;
export const TYPE_UNSPEC = 0;

export const LinkAttribute = {
  Address: 1,
  Name: 3,
  Mtu: 4,
  LinkInfo: 18,
  NamespaceFd: 28,
  ExtendedMask: 29,
} as const;
/** Leaves the packet counters out of a dump. */
export const EXTENDED_MASK_SKIP_STATS = 0x8;
export const LinkInfoAttribute = { Kind: 1, Data: 2 } as const;
/** IFLA_VXLAN_…; the port is in network byte order. */
export const VxlanAttribute = { Id: 1, Link: 3, Local: 4, Learning: 7, Port: 15, Local6: 17 } as const;
export const VETH_INFO_PEER = 1;
export const LinkFlag = { Up: 0x1, Loopback: 0x8, LowerUp: 0x10000 } as const;

export const AddressAttribute = { Address: 1, Local: 2 } as const;
/** Do not look for others who have the address (IPv6 duplicate address detection): it is usable at once. */
export const ADDRESS_FLAG_NO_DAD = 0x2;

export const NeighbourAttribute = { Destination: 1, LinkLayerAddress: 2, InterfaceIndex: 8 } as const;
export const NEIGHBOUR_STATE_PERMANENT = 0x80;
/** No resolution is done for the entry: how VXLAN marks those of its forwarding database. */
export const NEIGHBOUR_STATE_NO_ARP = 0x40;
/** The entry is the device's own, not that of a bridge above it. */
export const NEIGHBOUR_FLAG_SELF = 0x2;

export const ERROR_MESSAGE_ATTRIBUTE = 1;

/** Bits of an attribute's type that are no number. */
export const ATTRIBUTE_TYPE_MASK = 0x3fff;
