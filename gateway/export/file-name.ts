/** Names of files that are handed out: nothing in them means anything to a shell, a header or a file system. */

export function safeFileName(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]/g, "_").replace(/^\.+/, "_");
}
