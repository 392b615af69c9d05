/** What the demo knows of its top-of-rack router, whoever plays it. */
export interface TopOfRack {
  /** What it is, in a few words. */
  readonly title: string;
  /** Name or number of the protocol of its routes, for `ip route`. */
  readonly routeProtocol: string;
  /** Shows its sessions as its own command prints them. */
  showSessions(): Promise<void>;
}
