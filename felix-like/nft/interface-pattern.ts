/** `eth+` of iptables as nft writes it. What no interface can be called is cut out: the text becomes part of a script. */
export function interfacePattern(name: string): string {
  const isPrefix = name.endsWith('+');
  const safe = (isPrefix ? name.slice(0, -1) : name).replaceAll(/[\s"*\\/]/g, '');
  return `"${safe}${isPrefix ? '*' : ''}"`;
}
