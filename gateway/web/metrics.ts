/** The gateway's state in the text format of Prometheus (exposition format 0.0.4). */
import type { ReadModel } from "../projection/read-model-types.ts";

export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export function formatMetrics(model: ReadModel): string {
  const { tip, meters, online, openAlarms, acknowledgedAlarms, held, bills } = model.overview();
  const gauges: readonly (readonly [string, string, number])[] = [
    ["chain_height", "Height of the newest block.", tip.height],
    ["chain_final_height", "Height of the newest final block.", tip.finalHeight],
    ["chain_tip_timestamp_seconds", "Time of the newest block.", tip.timeSeconds],
    ["log_records", "Records in the log.", tip.logSize],
    ["held_records", "Records that wait for a block.", held],
    ["meters", "Enrolled meters.", meters],
    ["meters_online", "Meters whose status says online.", online],
    ["alarms_open", "Alarms that nobody has acknowledged.", openAlarms],
    ["alarms_acknowledged", "Alarms that are acknowledged and not closed.", acknowledgedAlarms],
    ["bills", "Issued bills and credits.", bills],
  ];
  const lines = gauges.flatMap(([name, help, value]) => [
    `# HELP wattproof_${name} ${help}`,
    `# TYPE wattproof_${name} gauge`,
    `wattproof_${name} ${value}`,
  ]);
  lines.push(
    "# HELP wattproof_answers_total Answers of intake by code.",
    "# TYPE wattproof_answers_total counter",
    ...model
      .counters()
      .map(({ code, count }) => `wattproof_answers_total{code="${code}"} ${count}`),
  );
  return `${lines.join("\n")}\n`;
}
