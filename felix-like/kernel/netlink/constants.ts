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
  Ipv4Address: 0x10,
  Ipv4Route: 0x40,
  Ipv6Address: 0x100,
  Ipv6Route: 0x400,
} as const;

/** Address families of the socket layer. */
export const AF_UNSPEC = 0;
export const AF_INET = 2;
export const AF_INET6 = 10;

export const RouteAttribute = {
  Destination: 1,
  OutInterface: 4,
  Gateway: 5,
  Priority: 6,
  Multipath: 9,
  Table: 15,
  Via: 18,
} as const;

/** `rtm_flags`, and flags of one next hop. */
export const RouteFlag = { Cloned: 0x200, OnLink: 0x4 } as const;

export const TABLE_UNSPEC = 0;
export const SCOPE_NOWHERE = 255;
export const TYPE_UNSPEC = 0;

export const LinkAttribute = { Name: 3, Mtu: 4, LinkInfo: 18, ExtendedMask: 29 } as const;
/** Leaves the packet counters out of a dump. */
export const EXTENDED_MASK_SKIP_STATS = 0x8;
export const LINK_INFO_KIND = 1;
export const LinkFlag = { Up: 0x1, Loopback: 0x8, LowerUp: 0x10000 } as const;

export const AddressAttribute = { Address: 1, Local: 2 } as const;

export const ERROR_MESSAGE_ATTRIBUTE = 1;

/** Bits of an attribute's type that are no number. */
export const ATTRIBUTE_TYPE_MASK = 0x3fff;
