/** The few things that a program may do through the JSON interface, as the portal and the document see them. */

export interface ApiAction {
  /** Of the portal's form; below /api/v1 for programs. */
  readonly path: string;
  /** A sentence without its full stop. */
  readonly summary: string;
  /** Of the office. */
  readonly method: string;
}

export const ALARM_ACTIONS: readonly ApiAction[] = [
  {
    path: "/alarms/:id/acknowledge",
    summary: "Somebody has seen an open alarm and looks into it",
    method: "alarm-acknowledge",
  },
  {
    path: "/alarms/:id/close",
    summary: "Closes an alarm whose cause is dealt with",
    method: "alarm-close",
  },
];
