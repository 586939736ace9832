/**
 * Headers of every answer. The content security policy allows the portal's own files and nothing else: no inline
 * script or style, no frame, no request to another place.
 */

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

export const SECURITY_HEADERS: readonly (readonly [name: string, value: string])[] = [
  ["Content-Security-Policy", CONTENT_SECURITY_POLICY],
  ["X-Content-Type-Options", "nosniff"],
  ["X-Frame-Options", "DENY"],
  // Not "no-referrer": browsers would then send forms with the origin "null", which any page can.
  ["Referrer-Policy", "same-origin"],
  ["Cross-Origin-Opener-Policy", "same-origin"],
  ["Cross-Origin-Resource-Policy", "same-origin"],
  ["Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"],
];

/** Names by which a portal that is bound to loopback may be addressed. */
export const LOOPBACK_HOSTS: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** Names of a portal that listens on `host` and is called by `names` too (comma-separated). */
export function listHosts(host: string, names: string): string[] {
  const own = host.includes(":") ? `[${host}]` : host;
  const all = [...LOOPBACK_HOSTS, own, ...names.split(",")];
  return all.filter((name) => name !== "").map((name) => name.toLowerCase());
}

/**
 * Whether the Host header names this portal. Without it a hostile page could bind its own name to 127.0.0.1
 * (DNS rebinding) and read what only this machine may read.
 */
export function isAllowedHost(hostHeader: string, allowed: readonly string[]): boolean {
  const name = hostHeader.toLowerCase().replace(/:\d{1,5}$/, "");
  return allowed.includes(name);
}
